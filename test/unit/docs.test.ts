import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commandLineText, generatedHeading } from '../../src/cli/command-line-text.ts';
import { verbs } from '../../src/cli/verbs.ts';
import { helpText } from '../../src/help-text.ts';
import { runtimeConfigurationText } from '../../src/runtime/config/config-doc.ts';
import { commands } from '../../src/ui/commands/index.ts';
import { keybindingsText } from '../../src/ui/commands/keybindings-text.ts';
import { resourceOf } from '../../src/ui/resources/index.ts';

const rootDir = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(join(rootDir, file), 'utf8');

it('docs/keybindings.md is what the command table says; if not: npm run generate', () => {
	expect(read('docs/keybindings.md')).toBe(keybindingsText(commands));
});

it('docs/command-line.md is what the table of verbs says; if not: npm run generate', () => {
	const text = read('docs/command-line.md');
	expect(text).toBe(commandLineText(text.split(`\n${generatedHeading}`)[0] ?? '', verbs));
});

it('docs/runtime-configuration.md is what the table of keys says; if not: npm run generate', () => {
	const text = read('docs/runtime-configuration.md');
	expect(text).toBe(runtimeConfigurationText(text.split('\n### ')[0] ?? ''));
});

describe('the documents', () => {
	const documents = [
		'README.md',
		'docs/architecture.md',
		'docs/configuration.md',
		'docs/command-line.md',
		'docs/runtime-configuration.md',
		'CONTRIBUTING.md',
		'bench/README.md',
	];

	it.each(documents)('%s links to files that exist', (document) => {
		const links = [...read(document).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/gu)].map(
			(match) => match[1] ?? '',
		);
		const missing = links
			.filter((link) => !/^[a-z]+:/u.test(link))
			.filter((link) => !existsSync(join(rootDir, dirname(document), link)));
		expect(missing).toEqual([]);
	});

	it('docs/configuration.md names every column', () => {
		const text = read('docs/configuration.md');
		for (const list of ['pods', 'containers', 'images'] as const) {
			for (const { id } of resourceOf(list).columns) expect(text).toContain(`\`${id}\``);
		}
	});

	it('README.md names every flag of --help', () => {
		const text = read('README.md');
		for (const [flag] of helpText().matchAll(/--[a-z-]+/gu)) expect(text).toContain(flag);
	});
});
