/**
 * Meanings that text on the screen can have. Views speak of meanings only; themes.ts alone knows colours,
 * so that 16 colours, no colour and light backgrounds are each one table.
 */
export type Token =
	| 'text'
	| 'muted'
	| 'accent'
	| 'ok'
	| 'warn'
	| 'fail'
	| 'done'
	| 'title'
	| 'titleFocused'
	| 'columnHeader'
	| 'match'
	| 'key'
	| 'keyDisabled'
	| 'dialog'
	| 'danger'
	| 'link'
	| 'added'
	| 'stderr';

/** A run of text with one meaning. `sgr` overrides the token with literal SGR parameters (a log's own colours). */
export type Span = {
	readonly text: string;
	readonly token?: Token | undefined;
	readonly bold?: boolean | undefined;
	readonly underline?: boolean | undefined;
	readonly reverse?: boolean | undefined;
	readonly sgr?: string | undefined;
};

/** One row of the screen, left to right. */
export type Line = readonly Span[];
