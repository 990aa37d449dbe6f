/**
 * Keys that leave a session without ending what runs in it, as docker and crictl have them.
 * Source: moby/term (`ctrl-p,ctrl-q`: letters, or ctrl- with a letter or one of @ [ ] \ ^ _).
 */
import type { FlagSpecs } from '../flags.ts';
import { UsageError } from '../usage-error.ts';

/** What crictl and docker listen for. */
export const usualDetachKeys = 'ctrl-p,ctrl-q';

/** The flag for others. */
export const detachFlag = {
	'detach-keys': {
		kind: 'text',
		value: 'KEYS',
		help: `keys that leave the running session (default: ${usualDetachKeys}; none: no keys)`,
	},
} as const satisfies FlagSpecs;

/** How long the first keys of the sequence are kept back while the next may still come, in milliseconds. */
const holdMs = 700;

/** The bytes of a sequence such as `ctrl-p,ctrl-q`; undefined for `none`. @throws UsageError that names the key. */
export function parseDetachKeys(text: string): Uint8Array | undefined {
	if (text === 'none') return undefined;
	const bytes = text.split(',').map((key) => {
		const control = /^ctrl-([a-z@[\]\\^_])$/u.exec(key.toLowerCase())?.[1];
		if (control !== undefined) return control.toUpperCase().charCodeAt(0) & 0x1f;
		if (/^[!-~]$/u.test(key)) return key.charCodeAt(0);
		throw new UsageError(
			`flag --detach-keys knows no key "${key}"; write ctrl-a to ctrl-z, or single letters, with commas: ${usualDetachKeys}`,
		);
	});
	return Uint8Array.from(bytes);
}

/** Finds the sequence in what is typed. */
export type DetachFilter = Disposable & {
	/** Passes bytes on to `send`, but for the sequence, which is told to `onDetach` and ends everything. */
	readonly take: (bytes: Uint8Array) => void;
	/** Sends what is kept back: nothing more is coming. */
	readonly finish: () => void;
};

/**
 * Makes a filter. The beginning of the sequence is kept back until the next key or for 0.7 s, so that a lone
 * Ctrl-P still recalls a command.
 */
export function createDetachFilter(
	keys: Uint8Array,
	on: { readonly send: (bytes: Uint8Array) => void; readonly onDetach: () => void },
): DetachFilter {
	let matched = 0;
	let detached = false;
	let timer: NodeJS.Timeout | undefined;

	const release = (): void => {
		clearTimeout(timer);
		if (matched === 0 || detached) return;
		const kept = keys.slice(0, matched);
		matched = 0;
		on.send(kept);
	};

	/** The longest beginning of the sequence that what was typed ends with; the sequences are a few keys long. */
	function lengthAtEnd(typed: readonly number[]): number {
		for (let length = Math.min(keys.length, typed.length); length > 0; length--) {
			if (keys.subarray(0, length).every((key, at) => key === typed[typed.length - length + at]))
				return length;
		}
		return 0;
	}

	return {
		take(bytes) {
			if (detached) return;
			clearTimeout(timer);
			const out: number[] = [];
			for (const byte of bytes) {
				const typed = [...keys.subarray(0, matched), byte];
				const length = lengthAtEnd(typed);
				out.push(...typed.slice(0, typed.length - length));
				matched = length;
				if (matched < keys.length) continue;
				detached = true;
				if (out.length > 0) on.send(Uint8Array.from(out));
				on.onDetach();
				return;
			}
			if (out.length > 0) on.send(Uint8Array.from(out));
			if (matched > 0) timer = setTimeout(release, holdMs);
		},
		finish: release,
		[Symbol.dispose]: () => clearTimeout(timer),
	};
}
