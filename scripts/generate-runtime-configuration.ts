/** Writes the keys into docs/runtime-configuration.md where they are out of date. Run by the project's own Node (scripts/generate.mjs). */
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runtimeConfigurationText } from '../src/runtime/config/config-doc.ts';

const file = fileURLToPath(new URL('../docs/runtime-configuration.md', import.meta.url));
const before = fs.readFileSync(file, 'utf8');
const text = runtimeConfigurationText(before.split('\n### ')[0] ?? '');
if (before !== text) {
	fs.writeFileSync(file, text);
	console.log('generated docs/runtime-configuration.md');
}
