import { lstatSync, readdirSync } from 'node:fs';
import type { Sys } from '../../src/runtime/sys/sys.ts';
import { treeFacts } from './tree-facts.ts';

/** What {@link treeFacts} says, and besides it every extended attribute, the root's too. */
export function layerFacts(rootDir: string, sys: Sys): readonly string[] {
	const facts: string[] = [];
	const visit = (full: Buffer, shown: string) => {
		for (const name of [...sys.llistxattr(full)].sort())
			facts.push(`${JSON.stringify(shown)} ${name}=${sys.lgetxattr(full, name)?.toString('hex')}`);
		if (!lstatSync(full).isDirectory()) return;
		for (const name of readdirSync(full, { encoding: 'buffer' }).sort(Buffer.compare))
			visit(Buffer.concat([full, Buffer.from('/'), name]), `${shown}/${name.toString('latin1')}`);
	};
	visit(Buffer.from(rootDir), '');
	return [...treeFacts(rootDir), ...facts];
}
