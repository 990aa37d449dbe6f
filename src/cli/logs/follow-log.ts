/** Shows the log of a container, as far as it goes or as long as the container runs: `showLog`. */
import path from 'node:path';
import { isNotFound, isUnreachable, NotFoundError } from '../../cri/errors.ts';
import type { Container, ContainerStatus } from '../../cri/model.ts';
import type { CriClient } from '../../cri/ports.ts';
import { openRawLog, type RawLog } from '../../node/logs/open-raw-log.ts';
import { tellFailure } from '../failures.ts';
import type { VerbContext } from '../verb.ts';
import { isOnThisHost } from './log-host.ts';
import { createLogWriter, type LogWriter, type LogWriterOptions } from './log-writer.ts';

/** What is shown of a log. */
export type ShowLogOptions = Partial<LogWriterOptions> & {
	/** Goes on until the container does not run any more. */
	readonly follow?: boolean | undefined;
	/** Only so many of the last lines. */
	readonly tail?: number | undefined;
	/** The log of the attempt before this one. */
	readonly previous?: boolean | undefined;
};

/** How often the runtime is asked whether the container still runs. Source: crictl 1.36. */
const statusEveryMs = 1000;

/** The path of the log before this one: `…/web/2.log` follows `…/web/1.log`. */
function previousPath(status: ContainerStatus): string {
	const { attempt, name } = status.metadata;
	if (attempt === 0) {
		throw new NotFoundError(`cannot show the previous log of container "${name}": this is its first attempt`);
	}
	const { dir, ext } = path.parse(status.logPath);
	return path.join(dir, `${attempt - 1}${ext}`);
}

function pathOf(client: CriClient, status: ContainerStatus, previous: boolean): string {
	const { name } = status.metadata;
	if (status.logPath === '') {
		throw new Error(
			`cannot show the log of container "${name}": its pod has no log directory, so none is kept`,
		);
	}
	if (!isOnThisHost(client.runtimeEndpoint)) {
		throw new Error(
			`cannot show the log of container "${name}": it is the file ${status.logPath} on the node of ${client.runtimeEndpoint}; run criscope there`,
		);
	}
	return previous ? previousPath(status) : status.logPath;
}

async function isRunning(client: CriClient, container: Pick<Container, 'id'>, signal: AbortSignal) {
	try {
		const status = await client.runtime.containerStatus(container.id, { verbose: false }, { signal });
		return status.state === 'running';
	} catch (error) {
		// A runtime that is away leaves its containers running; one that knows no such container has removed it.
		if (isUnreachable(error)) return true;
		if (isNotFound(error)) return false;
		throw error;
	}
}

async function writeAll(log: RawLog, writer: LogWriter, signal: AbortSignal): Promise<void> {
	while (!writer.isFull()) {
		const pieces = await log.read({ signal });
		if (pieces.length === 0) return;
		await writer.write(pieces);
	}
}

/** Writes what comes until the container has ended and its log with it. */
async function followUntilEnd(
	log: RawLog,
	writer: LogWriter,
	stillRuns: () => Promise<boolean>,
	{ signal, now }: Pick<VerbContext, 'signal' | 'now'>,
): Promise<void> {
	let changed = false;
	let wake = (): void => undefined;
	const onChange = (): void => {
		changed = true;
		wake();
	};
	using _watch = log.follow(onChange);
	signal.addEventListener('abort', onChange);
	let askedAt = Number.NEGATIVE_INFINITY;
	try {
		for (;;) {
			changed = false;
			await writeAll(log, writer, signal);
			if (writer.isFull()) return;
			if (now() - askedAt >= statusEveryMs) {
				if (!(await stillRuns())) break;
				askedAt = now();
			}
			signal.throwIfAborted();
			if (changed) continue;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(resolve, statusEveryMs);
				wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
			signal.throwIfAborted();
		}
		// What it wrote at the end, perhaps into a file that is new.
		await log.refresh();
		await writeAll(log, writer, signal);
	} finally {
		signal.removeEventListener('abort', onChange);
	}
}

/**
 * Shows the log of a container: its rotated files, then the current one, stdout on stdout and stderr on stderr, byte for byte
 * where they are no terminals. With `follow`, until the container has ended.
 * @returns the exit code: 1 where a part could not be read, which is told on stderr
 * @throws NotFoundError, Error in one sentence where there is no log to show; ReaderGoneError; the signal's reason.
 */
export async function showLog(
	client: CriClient,
	container: Pick<Container, 'id'>,
	options: ShowLogOptions,
	context: VerbContext,
): Promise<number> {
	const { signal } = context;
	const { tail, previous = false, sinceNanos } = options;
	const status = await client.runtime.containerStatus(container.id, { verbose: false }, { signal });
	const logPath = pathOf(client, status, previous);
	await using log = await openRawLog({ logPath, signal });
	const writer = createLogWriter({ ...options, timestamps: options.timestamps ?? false }, context);
	// Following, the file may still come: a container that was just created has none yet.
	const follow = (options.follow ?? false) && !previous;
	if (!follow && log.problems().length > 0 && (await log.read({ signal })).length === 0) {
		throw new Error(log.problems().join('; '));
	}
	await log.seek(
		tail !== undefined ? { lastLines: tail } : sinceNanos !== undefined ? { sinceNanos } : 'start',
		{ signal },
	);
	if (follow) await followUntilEnd(log, writer, () => isRunning(client, container, signal), context);
	else if (tail !== 0) await writeAll(log, writer, signal);
	if (tail !== 0 || follow) await writer.write(log.finish());
	const problems = log.problems();
	for (const problem of problems) tellFailure(context, problem);
	return problems.length > 0 ? 1 : 0;
}
