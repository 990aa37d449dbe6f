/** Writes docs/keybindings.md from the command table where it is out of date. Run by the project's own Node (scripts/generate.mjs). */
import * as fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { commands } from '../src/ui/commands/index.ts';
import { keybindingsText } from '../src/ui/commands/keybindings-text.ts';

const file = fileURLToPath(new URL('../docs/keybindings.md', import.meta.url));
const text = keybindingsText(commands);
if (!fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text) {
	fs.writeFileSync(file, text);
	console.log('generated docs/keybindings.md');
}
