import * as fs from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../../text/bytes.ts';
import { formatPlural } from '../../text/numbers.ts';
import { formatNanosIso } from '../../text/time-stamp.ts';
import { savedText } from '../store/slices/logs/entry-text.ts';
import type { LogQuery } from '../store/slices/logs/logs-state.ts';
import type { EffectHost } from './effect-host.ts';
import type { LogJob, LogTools } from './log-job.ts';

/** Lines read and written at once. */
const savePage = 500;

/** A path as typed: `~/` is the home folder. */
export function expandHome(typed: string, env: EffectHost['env']): string {
	const home = env['HOME'];
	const text = typed.trim();
	return path.resolve(home && /^~(?:\/|$)/u.test(text) ? home + text.slice(1) : text);
}

function reasonOf(error: unknown): string {
	const code = (error as NodeJS.ErrnoException | undefined)?.code;
	const words: Readonly<Record<string, string>> = {
		EEXIST: 'it is there already; choose another name',
		ENOENT: 'the folder does not exist',
		EACCES: 'permission denied',
		EPERM: 'permission denied',
		EROFS: 'the file system is read-only',
		ENOSPC: 'the disk is full',
		EISDIR: 'it is a folder',
	};
	return words[code ?? ''] ?? (error instanceof Error ? error.message : String(error));
}

/**
 * Writes text to a new file, readable by its owner only: logs hold secrets.
 * @throws Error `cannot save "<path>": <reason>`; a file that is there is never overwritten.
 */
export async function saveText(file: string, text: string): Promise<void> {
	try {
		await fs.writeFile(file, text, { flag: 'wx', mode: 0o600 });
	} catch (cause) {
		throw new Error(`cannot save "${file}": ${reasonOf(cause)}`, { cause });
	}
}

/**
 * Saves the whole history through the query of the pane. A name that ends in `.cri` gets lines as the runtime wrote
 * them; any other the content, with exact times when the pane shows times.
 */
export function saveJob(host: EffectHost, file: string, query: LogQuery, withTime: boolean): LogJob {
	return {
		what: 'saving',
		run: async (tools) => {
			const isRaw = file.endsWith('.cri');
			const isPlain = query.streams === 'both' && !query.context && (isRaw || !withTime);
			if (
				await fs.lstat(file).then(
					() => true,
					() => false,
				)
			) {
				throw new Error(`cannot save "${file}": it is there already; choose another name`);
			}
			const { signal, onRatio } = tools.options;
			const saved = isPlain
				? await tools.history.exportTo(file, {
						format: isRaw ? 'raw' : 'text',
						matcher: query.filter?.matcher,
						signal,
						onProgress: ({ ratio }) => onRatio?.(ratio),
					})
				: await writeLines(tools, file, isRaw, withTime);
			const text = `Saved ${formatPlural(saved.lines, 'line')} (${formatBytes(saved.bytes)}) to ${file}.`;
			host.dispatch('notices', { kind: 'noticeRaised', level: 'ok', text });
		},
	};
}

/** Writes line by line into a temporary file beside the target, which it becomes when complete. */
async function writeLines(
	{ reader, history, options }: LogTools,
	file: string,
	isRaw: boolean,
	withTime: boolean,
): Promise<{ readonly lines: number; readonly bytes: number }> {
	const partial = `${file}.part`;
	let lines = 0;
	let bytes = 0;
	try {
		const handle = await fs.open(partial, 'wx', 0o600);
		try {
			let from: Parameters<LogTools['reader']['after']>[0] = 'start';
			for (;;) {
				const page = await reader.after(from, savePage, { ...options, whole: true });
				const text = page.entries
					.map((entry) => {
						const { timestampNanos, stream, text: content } = entry.line;
						if (!isRaw || timestampNanos === undefined) return `${savedText(entry, withTime)}\n`;
						return `${formatNanosIso(timestampNanos)} ${stream} F ${content}\n`;
					})
					.join('');
				await handle.write(text);
				lines += page.entries.length;
				bytes += Buffer.byteLength(text);
				const last = page.entries.at(-1)?.line;
				if (page.reachedEdge || !last) break;
				from = last.end;
				options.onRatio?.(history.ratio(last.end));
			}
		} finally {
			await handle.close();
		}
		await fs.rename(partial, file);
		return { lines, bytes };
	} catch (cause) {
		if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') await fs.rm(partial, { force: true });
		if (options.signal.aborted) throw cause;
		throw new Error(`cannot save "${file}": ${reasonOf(cause)}`, { cause });
	}
}
