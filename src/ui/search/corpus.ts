import type { SearchField } from './fields.ts';
import { scoreIdentity } from './identity.ts';
import { type LetterTarget, matchLetters } from './letters.ts';
import { scoreLiteral } from './literal.ts';
import type { Term } from './query.ts';

/** A text of the corpus, shared by all rows and fields of its kind that have the same text. */
export type CorpusText = LetterTarget & {
	readonly id: number;
	readonly kind: SearchField['kind'];
	/** Which letters are in it, see `letterMask`. */
	readonly mask: number;
};

/** Answers for one term, by the id of a text. */
export type TermScores = {
	/** Score of the literal match, 0 for none; above 1 for an identity. */
	readonly literal: Float32Array;
	/** Score of the match by letters, worked out when asked for. */
	readonly letters: (id: number) => number;
	/** Whether it is known already that the letters do not match. */
	readonly isRuledOut: (id: number) => boolean;
};

/** Terms whose answers are kept: those being typed, and what a few backspaces lead back to. */
const keptTerms = 16;
/** From this length on a longer term matches by letters only where its beginning did. */
const narrowingLetters = 3;

/**
 * All the different texts of the rows, in one long string: one pass over it finds where a term stands literally, at
 * the speed of the engine's own search, instead of 40,000 small searches for 5,000 rows.
 */
export class Corpus {
	readonly texts: CorpusText[] = [];
	readonly #idOf = new Map<string, number>();
	#joined = '';
	#starts = new Int32Array(0);
	#masks = new Int32Array(0);
	#identities = new Uint8Array(0);
	readonly #answers = new Map<string, TermScores>();

	/** The text's place in the corpus; added when it is new. */
	add(text: string, kind: SearchField['kind']): CorpusText {
		// The kind belongs to the key: the same digits may be an id here and a name there.
		const key = kind === undefined || kind === 'text' ? text : `${kind}\n${text}`;
		const known = this.texts[this.#idOf.get(key) ?? -1];
		if (known !== undefined) return known;
		const lower = lowered(text);
		const mask = letterMask(lower);
		const added: CorpusText = { id: this.texts.length, text, lower, kind, mask, prepared: undefined };
		this.#idOf.set(key, added.id);
		this.texts.push(added);
		return added;
	}

	/** Makes what was added searchable; nothing to do when nothing was. */
	settle(): void {
		const count = this.texts.length;
		if (this.#starts.length === count + 1) return;
		this.#answers.clear();
		this.#starts = new Int32Array(count + 1);
		this.#masks = new Int32Array(count);
		this.#identities = new Uint8Array(count);
		const lowers: string[] = [];
		let offset = 0;
		for (const [id, text] of this.texts.entries()) {
			const { lower } = text;
			this.#identities[id] = isIdentity(text) ? 1 : 0;
			this.#starts[id] = offset;
			this.#masks[id] = text.mask;
			offset += lower.length + 1;
			lowers.push(lower);
		}
		this.#starts[count] = offset;
		// The last text ends with a separator like the others, and one join makes one flat string.
		lowers.push('');
		this.#joined = lowers.join('\n');
	}

	/** Looks a term up in all texts. The answer is good until texts are added; the last few are remembered. */
	lookUp(term: Term): TermScores {
		this.settle();
		const key = answerKey(term.text, term.exact);
		const answer = this.#answers.get(key) ?? this.#lookUp(term);
		// Put at the end again, so that the oldest unused one goes first.
		this.#answers.delete(key);
		this.#answers.set(key, answer);
		for (const oldest of this.#answers.keys()) {
			if (this.#answers.size <= keptTerms) break;
			this.#answers.delete(oldest);
		}
		return answer;
	}

	#lookUp(term: Term): TermScores {
		const { texts } = this;
		const starts = this.#starts;
		const literal = new Float32Array(texts.length);
		const joined = this.#joined;
		let id = 0;
		for (let at = joined.indexOf(term.text); at >= 0; ) {
			while ((starts[id + 1] ?? Number.POSITIVE_INFINITY) <= at) id++;
			const start = starts[id] ?? 0;
			const next = starts[id + 1] ?? joined.length;
			const identity = this.#identities[id] === 1 && !term.exact ? texts[id] : undefined;
			literal[id] =
				identity === undefined
					? scoreLiteral(term.text, joined, at, start, next - 1)
					: scoreIdentity(term.text, identity.lower, identity.kind);
			at = joined.indexOf(term.text, next);
		}
		const memo = new Float32Array(texts.length).fill(-1);
		const mask = letterMask(term.text);
		const shorter = this.#answerOfBeginning(term);
		const letters = (asked: number): number => {
			const known = memo[asked] ?? -1;
			if (known >= 0) return known;
			const text = texts[asked];
			const isPossible =
				text !== undefined &&
				((this.#masks[asked] ?? 0) & mask) === mask &&
				isLoose(term, text) &&
				shorter?.isRuledOut(asked) !== true;
			const score = isPossible ? (matchLetters(term.text, text)?.score ?? 0) : 0;
			memo[asked] = score;
			return score;
		};
		return { literal, letters, isRuledOut: (asked) => memo[asked] === 0 };
	}

	/** The answer to the longest beginning of a term that was asked before, where it narrows the search. */
	#answerOfBeginning({ text, exact }: Term): TermScores | undefined {
		for (let length = text.length - 1; length >= narrowingLetters; length--) {
			const found = this.#answers.get(answerKey(text.slice(0, length), exact));
			if (found !== undefined) return found;
		}
		return undefined;
	}
}

function answerKey(text: string, exact: boolean): string {
	return (exact ? '"' : ' ') + text;
}

/**
 * Whether a term may match a text by letters: not when quoted, never an id, and not with two digits in it, since
 * versions, ports and hashes are meant as they stand; but a number behind letters (`web12`) may stand apart from them.
 */
export function isLoose(term: Term, text: CorpusText): boolean {
	if (term.exact || isIdentity(text)) return false;
	if (!/\d.*\d/.test(term.text)) return true;
	const number = /^\D{2,}(\d{2,})$/.exec(term.text)?.[1];
	return number !== undefined && text.lower.includes(number);
}

/** Whether a text is matched by its beginning only. */
export function isIdentity({ kind }: CorpusText): boolean {
	return kind !== undefined && kind !== 'text';
}

/** In lower case and as long as before, so that places found in one count in the other. */
function lowered(text: string): string {
	const lower = text.toLowerCase();
	// A few letters (İ) grow when lowered; then only the plain ones are lowered.
	return lower.length === text.length
		? lower
		: text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/** One bit for each letter, six for the digits; others do not count. A text without all bits of a term cannot match. */
function letterMask(lower: string): number {
	let mask = 0;
	for (let index = 0; index < lower.length; index++) {
		const code = lower.charCodeAt(index);
		if (code >= 97 && code <= 122) mask |= 1 << (code - 97);
		else if (code >= 48 && code <= 57) mask |= 1 << (26 + (code % 6));
	}
	return mask;
}
