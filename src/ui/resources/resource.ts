import type { SearchField } from '../search/fields.ts';
import type { ListId, UiState } from '../store/state.ts';
import type { Line } from '../theme/tokens.ts';

/** How an object is doing, for its colour and for the unhealthy filter. */
export type Health = 'ok' | 'warn' | 'fail' | 'done' | 'gone';

/** What every row of every kind has. */
export type BaseRow = {
	readonly id: string;
	readonly name: string;
	readonly health: Health;
	/** The runtime no longer lists it; it stays only because somebody looks at it. */
	readonly departed: boolean;
	/** The same object as long as what the filter searches is the same: usage changes all the time, names do not. */
	readonly textKey: object;
};

/** What a cell may depend on besides its row. */
export type CellContext = {
	readonly nowMs: number;
	readonly widthCells: number;
	/** Character ranges that the filter matched in this column's search field. */
	readonly ranges: readonly TextRange[];
};

/** A half-open range of UTF-16 units. */
export type TextRange = { readonly start: number; readonly end: number };

/** One column of a list. Narrow screens drop columns by rising `keep`, widest screens show all. */
export type Column<Row> = {
	readonly id: string;
	readonly title: string;
	/** Cells it needs at least; it may grow to `maxCells` when there is room. */
	readonly minCells: number;
	readonly maxCells: number;
	readonly align?: 'right' | undefined;
	/** Grows only after all others have what they need: a sparkline must not cost anybody's text. */
	readonly growsLast?: boolean | undefined;
	/** Takes no room while no row of the list has anything to sort by in it; a person who asks for it by name gets it. */
	readonly leftOutWhenEmpty?: boolean | undefined;
	/** Higher stays longer when the screen gets narrow. */
	readonly keep: number;
	/** Name of the search field whose matches are shown in this column. */
	readonly field?: string | undefined;
	cell(row: Row, context: CellContext): Line;
	/** What sorting by this column compares; undefined sorts last. */
	sortKey(row: Row): string | number | bigint | undefined;
	/** First press sorts the biggest first, as one wants for usage and restarts. */
	readonly biggestFirst?: boolean | undefined;
};

/** A kind of object as data: how it is listed, searched, and what is said when there is none. */
export type Resource<Row extends BaseRow> = {
	readonly list: ListId;
	/** Plural, for the pane's title. */
	readonly title: string;
	/** Singular, for sentences. */
	readonly noun: string;
	readonly columns: readonly Column<Row>[];
	/** All rows in their natural order. */
	rows(state: UiState): readonly Row[];
	/** Text that the filter searches. */
	searchFields(row: Row): readonly SearchField[];
	/** What an empty list says, given why it is empty. */
	emptyText(state: UiState): string;
};
