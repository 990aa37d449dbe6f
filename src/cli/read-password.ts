import type { ReadStream } from 'node:tty';
import { sanitizeLine } from '../text/sanitize.ts';
import { UsageError } from './usage-error.ts';
import type { VerbContext } from './verb.ts';

/** Longer than any token; whoever pipes a file in by mistake learns of it. */
const longestCharacters = 64 * 1024;

/**
 * Reads a password: typed without echo where stdin is a terminal, else the first line of stdin.
 * @throws UsageError where there is none; AbortError of the signal, also for Ctrl+C.
 */
export async function readPassword(user: string, context: VerbContext): Promise<string> {
	const { stderr, stdinIsTerminal, signal } = context;
	const stdin = context.stdin();
	const terminal = stdinIsTerminal ? (stdin as ReadStream) : undefined;
	// First, so that nothing typed early is echoed.
	terminal?.setRawMode(true);
	if (terminal) stderr.write(`Password for ${sanitizeLine(user)}: `);
	let typed = '';
	try {
		stdin.setEncoding('utf8');
		for await (const chunk of stdin.iterator({ destroyOnReturn: false })) {
			signal.throwIfAborted();
			for (const character of String(chunk)) {
				if (character === '\n' || character === '\r') return found(typed);
				if (terminal && character === '\x03') throw new DOMException('interrupted', 'AbortError');
				if (terminal && character === '\x04') return found(typed);
				if (terminal && (character === '\x7f' || character === '\b')) typed = typed.slice(0, -1);
				else if (terminal && character === '\x15') typed = '';
				else typed += character;
			}
			if (typed.length > longestCharacters) throw new UsageError('the password on stdin is too long');
		}
		return found(typed);
	} finally {
		terminal?.setRawMode(false);
		if (terminal) stderr.write('\n');
		stdin.pause();
	}
}

function found(password: string): string {
	if (password === '') throw new UsageError('flag --username needs a password, typed or on stdin');
	return password;
}
