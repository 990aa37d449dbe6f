import { showLog } from '../logs/follow-log.ts';
import { parseSince } from '../logs/since.ts';
import { findContainer } from '../objects/find.ts';
import { UsageError } from '../usage-error.ts';
import { defineVerb } from '../verb.ts';

/** A count of crictl's: what is below zero says "all". */
function countOf(value: number | undefined): number | undefined {
	return value === undefined || value < 0 ? undefined : value;
}

/** `criscope logs` */
export const logsVerb = defineVerb({
	name: 'logs',
	aliases: ['log'],
	summary: 'Show the log of a container',
	operands: { least: 1, most: 1, words: 'CONTAINER' },
	flags: {
		follow: { kind: 'switch', short: 'f', help: 'go on until the container has ended' },
		tail: { kind: 'number', value: 'LINES', help: 'only so many lines from the end (default: -1, all)' },
		since: {
			kind: 'text',
			value: 'TIME',
			help: 'only what was written since then (2026-01-02T13:23:37), or within it (42m)',
		},
		timestamps: { kind: 'switch', short: 't', help: 'show when each line was written' },
		stream: {
			kind: 'text',
			short: 's',
			value: 'STREAM',
			choices: ['stdout', 'stderr'],
			help: 'stdout or stderr only',
		},
		'limit-bytes': { kind: 'number', value: 'BYTES', help: 'stop after so many (default: -1, no limit)' },
		previous: { kind: 'switch', short: 'p', help: 'the log of the attempt before this one' },
		reopen: { kind: 'switch', short: 'r', help: 'have the runtime open the log file anew first' },
	},
	notes: `A CONTAINER is an id, the beginning of one, or a name. The log is the file that the runtime writes on this machine;
rotated files come first, also compressed ones. What was written to stderr goes to stderr. Into a pipe or a file it is byte
for byte what the container wrote; on a terminal, control characters are made visible.`,
	async run({ flags, operands: [word = ''] }, context) {
		const { follow, previous, reopen, stream, timestamps } = flags;
		if (flags.tail !== undefined && stream !== undefined) {
			throw new UsageError('logs takes --tail or --stream, not both');
		}
		const sinceNanos = flags.since === undefined ? undefined : parseSince(flags.since, context.now());
		const options = { signal: context.signal };
		const client = await context.connect();
		const container = await findContainer(client, word, options);
		if (reopen) await client.runtime.reopenContainerLog(container.id, options);
		return showLog(
			client,
			container,
			{
				follow,
				previous,
				timestamps,
				sinceNanos,
				stream: stream as 'stdout' | 'stderr' | undefined,
				tail: countOf(flags.tail),
				limitBytes: countOf(flags['limit-bytes']),
			},
			context,
		);
	},
});
