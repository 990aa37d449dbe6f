/** A size takes some thirty bytes; what is longer is none. */
const maxObjectChars = 1024;

/** Takes the pieces of a resize stream. */
export type ResizeParser = (bytes: Uint8Array) => void;

/**
 * Reads the JSON objects that a client sends one behind the other, cut anywhere, with or without space between.
 * Anything that is no size is passed over: Go's decoder would give up there, and the terminal keep a wrong size.
 * Source: k8s.io/cri-streaming remotecommand/resize.go (`Width` and `Height` are uint16).
 */
export function createResizeParser(onSize: (columns: number, rows: number) => void): ResizeParser {
	const decoder = new TextDecoder();
	let text = '';
	return (bytes) => {
		text += decoder.decode(bytes, { stream: true });
		for (;;) {
			// The objects are flat and hold numbers only, so a brace ends one.
			const end = text.indexOf('}');
			if (end < 0) break;
			const start = text.lastIndexOf('{', end);
			if (start >= 0) readSize(text.slice(start, end + 1), onSize);
			text = text.slice(end + 1);
		}
		if (text.length > maxObjectChars)
			text = text.slice(Math.max(text.lastIndexOf('{'), text.length - maxObjectChars));
	};
}

function readSize(json: string, onSize: (columns: number, rows: number) => void): void {
	let value: unknown;
	try {
		value = JSON.parse(json);
	} catch {
		return;
	}
	const fields = new Map(Object.entries(value as object).map(([name, field]) => [name.toLowerCase(), field]));
	const columns = fields.get('width');
	const rows = fields.get('height');
	if (isCells(columns) && isCells(rows)) onSize(columns, rows);
}

function isCells(value: unknown): value is number {
	return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 0xffff;
}
