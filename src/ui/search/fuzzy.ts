import { Corpus, type CorpusText, type TermScores } from './corpus.ts';
import type { SearchField } from './fields.ts';
import { type MatchRange, rangesIn } from './highlight.ts';
import { parseQuery, type Term } from './query.ts';

/** A row that matches. */
export type SearchHit<Row> = {
	readonly row: Row;
	/** Higher is better; comparable within one answer only. 0 when nothing was asked. */
	readonly score: number;
	/** Matched characters by field name. Worked out when first read: read it for the rows on screen only. */
	readonly highlights: ReadonlyMap<string, readonly MatchRange[]>;
};

/** A search over rows that come again and again. */
export type FuzzySearch<Row extends object> = {
	/**
	 * Makes rows ready, so that the first key is answered as fast as the others. Cheap for rows seen before. Call it when
	 * rows were refreshed, outside of a key's path.
	 */
	readonly prepare: (rows: readonly Row[]) => void;
	/**
	 * Does a part of the same, so that it can be spread over idle moments.
	 * @returns false while there is more to do.
	 */
	readonly prepareFor: (rows: readonly Row[], budgetMs: number) => boolean;
	/**
	 * Finds the rows that match what was typed, best first, equals in the order given. An empty query gives all rows in
	 * their order. See `parseQuery` for what can be typed.
	 */
	readonly search: (rows: readonly Row[], typed: string) => readonly SearchHit<Row>[];
};

type Entry = { readonly name: string; readonly weight: number; readonly text: CorpusText };

/** All fields of a list of rows, end to end, as numbers only: 5,000 rows are looked through in under a millisecond. */
type Table = {
	readonly rows: readonly object[];
	/** Where each row's fields begin, and at last where they end. */
	readonly starts: Int32Array;
	readonly textIds: Int32Array;
	readonly weights: Float32Array;
};

const noHighlights: ReadonlyMap<string, readonly MatchRange[]> = new Map();

/** Texts of departed rows are forgotten when they outnumber the fields of the living ones by this factor. */
const staleFactor = 3;

/** More than any field can score for one term, the lead of literal matches included. */
const greatestScore = 4;
/** Differences of score smaller than one step are none. */
const scoreSteps = 1e6;

/**
 * Makes a search that remembers what it worked out: texts are made ready once, whatever rows carry them. Rows are told
 * apart by object identity and must not be mutated, nor the arrays they come in.
 */
export function createFuzzySearch<Row extends object>(options: {
	readonly fieldsOf: (row: Row) => readonly SearchField[];
	/** An object that is the same as long as the row's fields are; the row itself unless told. */
	readonly keyOf?: ((row: Row) => object) | undefined;
}): FuzzySearch<Row> {
	const keyOf = options.keyOf ?? ((row: Row): object => row);
	let corpus = new Corpus();
	let entriesByRow = new WeakMap<object, readonly Entry[]>();
	let table: Table | undefined;

	const entriesOf = (row: Row): readonly Entry[] => {
		const key = keyOf(row);
		const known = entriesByRow.get(key);
		if (known !== undefined) return known;
		const entries: Entry[] = [];
		for (const { name, text, weight, kind } of options.fieldsOf(row)) {
			if (text !== '') entries.push({ name, weight: weight ?? 1, text: corpus.add(text, kind) });
		}
		entriesByRow.set(key, entries);
		return entries;
	};
	const tableOf = (rows: readonly Row[]): Table => {
		if (table?.rows === rows) return table;
		let made = createTable(rows, rows.map(entriesOf));
		if (corpus.texts.length > staleFactor * made.textIds.length + 1000) {
			corpus = new Corpus();
			entriesByRow = new WeakMap();
			made = createTable(rows, rows.map(entriesOf));
		}
		corpus.settle();
		table = made;
		return made;
	};

	return {
		prepare: (rows) => {
			tableOf(rows);
		},
		prepareFor: (rows, budgetMs) => {
			if (table?.rows === rows) return true;
			const until = performance.now() + budgetMs;
			for (const row of rows) {
				if (entriesByRow.has(keyOf(row))) continue;
				entriesOf(row);
				if (performance.now() >= until) return false;
			}
			tableOf(rows);
			return true;
		},
		search: (rows, typed) => {
			const { include, exclude } = parseQuery(typed);
			if (include.length === 0 && exclude.length === 0) {
				return rows.map((row) => ({ row, score: 0, highlights: noHighlights }));
			}
			const fields = tableOf(rows);
			const scores = new Float64Array(rows.length);
			for (const term of include) addScores(scores, fields, corpus.lookUp(term));
			for (const term of exclude) removeRows(scores, fields, corpus.lookUp({ ...term, exact: true }));
			return bestFirst(scores, include.length).map(
				(index) =>
					new Hit(rows[index] as Row, (scores[index] ?? 0) / Math.max(1, include.length), include, entriesOf),
			);
		},
	};
}

function createTable(rows: readonly object[], entries: readonly (readonly Entry[])[]): Table {
	const total = entries.reduce((sum, { length }) => sum + length, 0);
	const starts = new Int32Array(rows.length + 1);
	const textIds = new Int32Array(total);
	const weights = new Float32Array(total);
	let at = 0;
	for (const [index, own] of entries.entries()) {
		starts[index] = at;
		for (const { text, weight } of own) {
			textIds[at] = text.id;
			weights[at] = weight;
			at++;
		}
	}
	starts[rows.length] = at;
	return { rows, starts, textIds, weights };
}

/**
 * Adds to each row the score of its best field for a term; a row without any is -1 from then on. Letters are looked at
 * only where nothing matches literally: what is there as typed always comes first, and most rows are done with that.
 */
function addScores(
	scores: Float64Array,
	{ starts, textIds, weights }: Table,
	{ literal, letters }: TermScores,
): void {
	for (let row = 0; row < scores.length; row++) {
		if ((scores[row] ?? -1) < 0) continue;
		const start = starts[row] ?? 0;
		const end = starts[row + 1] ?? start;
		let best = 0;
		for (let at = start; at < end; at++) {
			const score = literal[textIds[at] ?? 0] ?? 0;
			// An identity counts whatever the field's weight is.
			const weighed = score > 1 ? score : score * (weights[at] ?? 0);
			if (weighed > best) best = weighed;
		}
		if (best > 0) {
			// Puts every literal match before every match by letters.
			scores[row] = (scores[row] ?? 0) + best + 1;
			continue;
		}
		for (let at = start; at < end; at++) {
			const weighed = letters(textIds[at] ?? 0) * (weights[at] ?? 0);
			if (weighed > best) best = weighed;
		}
		scores[row] = best > 0 ? (scores[row] ?? 0) + best : -1;
	}
}

/** What is excluded is meant literally: an exclusion by letters would hide rows nobody can explain. */
function removeRows(scores: Float64Array, { starts, textIds }: Table, { literal }: TermScores): void {
	for (let row = 0; row < scores.length; row++) {
		const end = starts[row + 1] ?? 0;
		for (let at = starts[row] ?? 0; at < end; at++) {
			if ((literal[textIds[at] ?? 0] ?? 0) > 0) scores[row] = -1;
		}
	}
}

/**
 * Indexes of the rows that match, best first, equals in the order given. Score and index are packed into one number,
 * which sorts many times faster than objects do by a comparison of ours.
 */
function bestFirst(scores: Float64Array, termCount: number): number[] {
	const greatest = greatestScore * Math.max(1, termCount);
	const packed = new Float64Array(scores.length);
	let count = 0;
	for (let index = 0; index < scores.length; index++) {
		const score = scores[index] ?? -1;
		if (score >= 0) packed[count++] = Math.round((greatest - score) * scoreSteps) * scores.length + index;
	}
	return Array.from(packed.subarray(0, count).sort(), (key) => key % scores.length);
}

/** A class, because an object with a getter of its own costs ten times as much, and there may be thousands. */
class Hit<Row> implements SearchHit<Row> {
	readonly row: Row;
	readonly score: number;
	readonly #terms: readonly Term[];
	readonly #entriesOf: (row: Row) => readonly Entry[];
	#highlights: ReadonlyMap<string, readonly MatchRange[]> | undefined;

	constructor(row: Row, score: number, terms: readonly Term[], entriesOf: (row: Row) => readonly Entry[]) {
		this.row = row;
		this.score = score;
		this.#terms = terms;
		this.#entriesOf = entriesOf;
	}

	get highlights(): ReadonlyMap<string, readonly MatchRange[]> {
		this.#highlights ??= new Map(
			this.#entriesOf(this.row).flatMap(({ name, text }) => {
				const ranges = rangesIn(this.#terms, text);
				return ranges.length === 0 ? [] : [[name, ranges] as const];
			}),
		);
		return this.#highlights;
	}
}
