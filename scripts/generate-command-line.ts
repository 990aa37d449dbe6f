/** Writes the verbs into docs/command-line.md where they are out of date. Run by the project's own Node (scripts/generate.mjs). */
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commandLineText, generatedHeading } from '../src/cli/command-line-text.ts';
import { verbs } from '../src/cli/verbs.ts';

const file = fileURLToPath(new URL('../docs/command-line.md', import.meta.url));
const before = fs.readFileSync(file, 'utf8');
const text = commandLineText(before.split(`\n${generatedHeading}`)[0] ?? '', verbs);
if (before !== text) {
	fs.writeFileSync(file, text);
	console.log('generated docs/command-line.md');
}
