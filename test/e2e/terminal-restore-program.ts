/** A program that takes the terminal and then ends in whichever way the test asks for; not a test itself. */
import { openTerminal } from '../../src/ui/terminal/terminal.ts';
import { keyToString } from '../../src/ui/terminal/terminal-input.ts';

const show = (word: string): void => {
	terminal.write(`\x1b[H\x1b[2J\x1b[31;44m${word} ${process.pid}.`);
};
const terminal = openTerminal({
	stdin: process.stdin,
	stdout: process.stdout,
	env: process.env,
	mouse: true,
	onInput: (input) => {
		const key = input.kind === 'key' ? keyToString(input) : input.kind;
		switch (key) {
			case 'q':
				terminal.restore();
				process.exitCode = 5;
				return;
			case 'x':
				throw new Error('thrown on purpose');
			case 'r':
				void Promise.reject(new Error('rejected on purpose'));
				return;
			case 'e':
				process.exit(6);
				return;
			case 'f':
				for (let count = 0; count < 100; count++) {
					terminal.write('flood '.repeat(10_000));
				}
				return;
			case 'ctrl+z':
				terminal.suspend();
				return;
			default:
				show(`KEY-${key}`);
		}
	},
	onResize: () => {},
	onResume: () => show('RESUMED'),
});
show('READY');
