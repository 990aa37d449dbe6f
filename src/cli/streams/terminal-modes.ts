/**
 * Remembers which modes a session's output has set on the local terminal, so that they can be undone where the
 * program that set them cannot: a lost connection, a killed vi, a detach.
 * Source: xterm ctlseqs (DECSET, DECRST, DECKPAM).
 */

/** What is watched for: private modes, and the keypad. */
const modePattern = /\x1b(?:\[\?([\d;]{1,60})([hl])|([=>]))/gu;
/** A sequence cut in two by the network is at most this long. */
const longestSequence = 66;
/** Modes that are on in a fresh terminal: wrapping at the edge, and the cursor. */
const usuallyOn: ReadonlySet<number> = new Set([7, 25]);
/** Mouse, focus, paste, cursor keys, alternate screens: what makes a shell unusable when it stays. */
const undone: ReadonlySet<number> = new Set([
	1, 7, 9, 25, 47, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1049, 2004, 2026,
]);

/** Watches output go by. */
export type TerminalModes = {
	readonly watch: (bytes: Uint8Array) => void;
	/** What brings every mode back to where a shell expects it; '' where nothing was left. */
	readonly undoText: () => string;
};

/** Makes one for a session. */
export function createTerminalModes(): TerminalModes {
	const changed = new Map<number, boolean>();
	let keypad = false;
	let rest = '';
	return {
		watch(bytes) {
			const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
			if (rest === '' && !chunk.includes(0x1b)) return;
			const text = rest + chunk.toString('latin1');
			let end = 0;
			for (const match of text.matchAll(modePattern)) {
				end = match.index + match[0].length;
				if (match[3] !== undefined) keypad = match[3] === '=';
				for (const word of match[1]?.split(';') ?? []) {
					const mode = Number(word);
					if (!undone.has(mode)) continue;
					const isOn = match[2] === 'h';
					if (isOn === usuallyOn.has(mode)) changed.delete(mode);
					else changed.set(mode, isOn);
				}
			}
			const last = text.lastIndexOf('\x1b');
			rest = last >= end && text.length - last < longestSequence ? text.slice(last) : '';
		},
		undoText() {
			// The alternate screen last: leaving it brings the cursor and the colours of before.
			const modes = [...changed].sort(([a], [b]) => Number(isScreen(a)) - Number(isScreen(b)));
			const texts = modes.map(([mode, isOn]) => `\x1b[?${mode}${isOn ? 'l' : 'h'}`);
			if (texts.length === 0 && !keypad) return '';
			return `${keypad ? '\x1b>' : ''}${texts.join('')}\x1b[0m`;
		},
	};
}

function isScreen(mode: number): boolean {
	return mode === 47 || mode === 1047 || mode === 1049;
}
