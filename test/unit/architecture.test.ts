import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { rpcTable } from '../../src/cri/transport/rpc-table.ts';
import { commands } from '../../src/ui/commands/index.ts';
import { findKeyClashes } from '../../src/ui/keys/clashes.ts';
import { isPlainLowerCase, parseChord } from '../../src/ui/keys/parse.ts';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const sources = readdirSync(join(rootDir, 'src'), { recursive: true, withFileTypes: true }).filter(
	({ parentPath }) => !parentPath.includes('generated'),
);

/** The beginning of a file, up to its first line of code. */
function headOf(text: string): string {
	return /^(?:\s*\/\*[\s\S]*?\*\/|\s*\/\/[^\n]*\n)*/u.exec(text)?.[0] ?? '';
}

describe('the sources', () => {
	it('are small, or say at their head why not', () => {
		const long = sources
			.filter((entry) => entry.isFile() && /\.tsx?$/u.test(entry.name))
			.map(({ parentPath, name }) => join(parentPath, name))
			.filter((file) => {
				const text = readFileSync(file, 'utf8');
				return text.split('\n').length > 301 && !/\b300 lines\b/u.test(headOf(text));
			});
		expect(long).toEqual([]);
	});

	it('have no folder for leftovers', () => {
		const leftovers = /^(utils?|helpers?|common|types|misc|lib)$/u;
		expect(sources.filter((entry) => entry.isDirectory() && leftovers.test(entry.name))).toEqual([]);
	});
});

describe('the command table', () => {
	const bindings = commands.map(({ id, keys, scopes }) => ({ commandId: id, keys, scope: scopes }));
	const clashes = findKeyClashes(bindings);

	it('has every id once, in the form noun.verb', () => {
		const ids = commands.map(({ id }) => id);
		expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
		for (const id of ids) expect(id).toMatch(/^[a-z][a-zA-Z]*\.[a-z][a-zA-Z]*$/);
	});

	it('has no key that means two things at one place', () => {
		expect(clashes.filter(({ kind }) => kind === 'same')).toEqual([]);
	});

	it('gives a key that counts everywhere another meaning only where that is meant', () => {
		const meant = [
			'app.back logs.left',
			'app.interrupt logs.stop',
			'app.back logs.back',
			'app.refresh inspect.refresh',
			'app.back inspect.left',
			'inspect.summary pane.pods',
			'inspect.yaml pane.containers',
			'inspect.json pane.images',
			'inspect.layers pane.logs',
			'inspect.format pane.next',
			'inspect.formatBack pane.previous',
		];
		const found = clashes
			.filter(({ kind }) => kind === 'overlapping')
			.map(({ commandIds }) => commandIds.join(' '));
		expect(found.filter((pair) => !meant.includes(pair))).toEqual([]);
	});

	it('lets no lower-case key change the node, but the y of a dialog that asks', () => {
		const changing = commands
			.filter(({ danger, id }) => danger === 'confirm' && id !== 'dialog.confirm')
			.filter(({ keys }) => keys.some((keyed) => isPlainLowerCase(parseChord(keyed))))
			.map(({ id }) => id);
		expect(changing).toEqual([]);
	});
});

it('every RPC of the protocol is behind the ports, and nothing else is', () => {
	const rpcsOf = (path: string, prefix: string) =>
		[...readFileSync(join(rootDir, path), 'utf8').matchAll(/^\s*rpc\s+(\w+)/gmu)].map(
			(match) => `${prefix}${match[1]}`,
		);
	const named = [
		...rpcsOf('proto/runtime/v1/api.proto', ''),
		...rpcsOf('proto/criscope/v1/images.proto', 'ImageTransferService/'),
	];
	expect(named.length).toBeGreaterThan(30);
	expect(
		Object.values(rpcTable)
			.map(({ rpc }) => rpc)
			.toSorted(),
	).toEqual(named.toSorted());
});
