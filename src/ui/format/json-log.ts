/** A line of a log that is a JSON object, taken apart into what is read first and the rest. */
export type JsonLog = {
	/** Level as written, upper-cased; numbers of pino and bunyan by name. '' when there is none. */
	readonly level: string;
	/** Milliseconds since the epoch; undefined when there is none that can be read. */
	readonly timeMs: number | undefined;
	readonly message: string;
	/** Everything else in its own order; values that are no text as JSON. */
	readonly rest: readonly (readonly [key: string, value: string])[];
};

const levelKeys = ['level', 'lvl', 'severity', 'log.level', 'levelname', 'loglevel', '@level', '@l'];
const timeKeys = ['time', 'ts', 'timestamp', '@timestamp', 'datetime', 'eventTime', '@t', 't'];
const messageKeys = ['msg', 'message', '@message', '@m', 'event', 'log', 'text', 'body', 'error'];

/** Source: the level numbers of pino and bunyan. */
const numberedLevels: Readonly<Record<string, string>> = {
	10: 'TRACE',
	20: 'DEBUG',
	30: 'INFO',
	40: 'WARN',
	50: 'ERROR',
	60: 'FATAL',
};

/** Parses a line's content; undefined when it is no JSON object, so that it is shown as it stands. */
export function parseJsonLog(text: string): JsonLog | undefined {
	const object = parseJsonObject(text);
	if (!object) return undefined;
	const taken = new Set<string>();
	const take = (keys: readonly string[], fits: (value: unknown) => boolean): unknown => {
		const key = keys.find((each) => Object.hasOwn(object, each) && fits(object[each]));
		if (key === undefined) return undefined;
		taken.add(key);
		return object[key];
	};
	const isScalar = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';
	const level = take(levelKeys, isScalar);
	const time = take(timeKeys, (value) => timeMsOf(value) !== undefined);
	const message = take(messageKeys, (value) => typeof value === 'string');
	return {
		level: level === undefined ? '' : (numberedLevels[String(level)] ?? String(level).toUpperCase()),
		timeMs: timeMsOf(time),
		message: typeof message === 'string' ? message : '',
		rest: Object.entries(object)
			.filter(([key]) => !taken.has(key))
			.map(([key, value]) => [key, valueText(value)] as const),
	};
}

function parseJsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
	const body = text.trim();
	if (!body.startsWith('{') || !body.endsWith('}')) return undefined;
	try {
		const value: unknown = JSON.parse(body);
		return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
	} catch {
		return undefined;
	}
}

function valueText(value: unknown): string {
	if (typeof value !== 'string') return JSON.stringify(value);
	return value === '' || /[\s"=]/u.test(value) ? JSON.stringify(value) : value;
}

/** Epoch numbers by their size (seconds, milliseconds, microseconds, nanoseconds), or any ISO text. */
function timeMsOf(value: unknown): number | undefined {
	if (typeof value === 'number' && value > 1e8) {
		return value < 1e11 ? value * 1000 : value < 1e14 ? value : value < 1e17 ? value / 1e3 : value / 1e6;
	}
	if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/u.test(value)) return undefined;
	const ms = Date.parse(value.replace(/(\.\d{3})\d+/u, '$1'));
	return Number.isNaN(ms) ? undefined : ms;
}

/**
 * A JSON line spread over several rows for reading: two blanks a level, texts of several lines (stack traces) line
 * by line. Not sanitised. undefined when the text is no JSON object.
 */
export function prettyJson(text: string): readonly string[] | undefined {
	const object = parseJsonObject(text);
	if (!object) return undefined;
	return JSON.stringify(object, null, 2)
		.split('\n')
		.flatMap((row) => {
			if (!/\\n/u.test(row)) return [row];
			const indent = `${/^\s*/u.exec(row)?.[0] ?? ''}    `;
			return row
				.split(/(?<=(?<!\\)(?:\\\\)*)\\n/u)
				.map((part, index) => (index === 0 ? part : indent + part.replaceAll('\\t', '  ')));
		});
}
