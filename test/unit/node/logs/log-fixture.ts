import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LogHistory } from '../../../../src/node/logs/log-history.ts';
import type { LogLine, LogPosition } from '../../../../src/node/logs/log-line.ts';
import { type OpenLogHistoryOptions, openLogHistory } from '../../../../src/node/logs/open-log-history.ts';

/** A folder with logs in it, gone when disposed. */
export type LogFolder = AsyncDisposable & {
	readonly path: string;
	file(name: string): string;
	write(name: string, content: string | Buffer): Promise<string>;
	append(name: string, content: string | Buffer): Promise<void>;
	open(name?: string, options?: Partial<OpenLogHistoryOptions>): Promise<LogHistory>;
};

/** Makes an empty folder for logs. */
export async function createLogFolder(): Promise<LogFolder> {
	const folder = await fs.mkdtemp(path.join(tmpdir(), 'criscope-logs-'));
	const file = (name: string) => path.join(folder, name);
	return {
		path: folder,
		file,
		async write(name, content) {
			await fs.writeFile(file(name), content);
			return file(name);
		},
		append: (name, content) => fs.appendFile(file(name), content),
		open: (name = '0.log', options = {}) =>
			openLogHistory({ logPath: file(name), pollMs: 20, spoolFolder: folder, ...options }),
		[Symbol.asyncDispose]: () => fs.rm(folder, { recursive: true, force: true }),
	};
}

/** One CRI line, its time given in seconds since the epoch. */
export function cri(seconds: number, text: string, { stream = 'stdout', tag = 'F' } = {}): string {
	return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.000000000Z ${stream} ${tag} ${text}\n`;
}

/** Numbered lines "line <n>", one a second. */
export function numbered(from: number, to: number): string {
	let content = '';
	for (let at = from; at < to; at += 1) content += cri(at, `line ${at}`);
	return content;
}

/** Everything, read forward in pages. */
export async function readAllForward(history: LogHistory, page: number): Promise<LogLine[]> {
	const lines: LogLine[] = [];
	let from: LogPosition | 'start' = 'start';
	for (;;) {
		const next: readonly LogLine[] = await history.readForward(from, page);
		lines.push(...next);
		const last = next.at(-1);
		if (last === undefined || last.open) return lines;
		from = last.end;
	}
}

/** Everything, read backward in pages, put in reading order. */
export async function readAllBackward(history: LogHistory, page: number): Promise<LogLine[]> {
	const pages: (readonly LogLine[])[] = [];
	let from: LogPosition | 'end' = 'end';
	for (;;) {
		const next: readonly LogLine[] = await history.readBackward(from, page);
		if (next.length === 0) return pages.reverse().flat();
		pages.push(next);
		from = next[0]!.start;
	}
}

/** Texts of lines. */
export function texts(lines: readonly LogLine[]): readonly string[] {
	return lines.map((line) => line.text);
}
