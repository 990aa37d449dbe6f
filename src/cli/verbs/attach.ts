import { sanitizeLine } from '../../text/sanitize.ts';
import { findContainer } from '../objects/find.ts';
import { readTls, tlsFlags, transportFlag, transportOf } from '../streams/connection-options.ts';
import { exitCodeAfter } from '../streams/container-exit.ts';
import { detachFlag, parseDetachKeys, usualDetachKeys } from '../streams/detach-keys.ts';
import { requireTerminal, streamExitCode } from '../streams/stream-ending.ts';
import { runStream } from '../streams/stream-session.ts';
import { defineVerb } from '../verb.ts';

/** `criscope attach` */
export const attachVerb = defineVerb({
	name: 'attach',
	aliases: [],
	summary: 'Attach to a running container',
	operands: { least: 1, most: 1, words: 'CONTAINER' },
	flags: {
		tty: { kind: 'switch', short: 't', help: 'the container has a terminal: pass every key and the size' },
		stdin: { kind: 'switch', short: 'i', help: 'pass standard input' },
		...transportFlag,
		...detachFlag,
		...tlsFlags,
	},
	notes: `A CONTAINER is an id, the beginning of one, or a name. The exit code is the container's where it has ended, 0 after the
detach keys, 1 where the session was lost. An interrupt (Ctrl+C without -t) ends the session, not the container.`,
	async run({ flags, operands: [word = ''] }, context) {
		const { tty, stdin } = flags;
		requireTerminal({ tty, stdin }, context);
		const keys = flags['detach-keys'] ?? usualDetachKeys;
		const detachKeys = parseDetachKeys(keys);
		const tls = await readTls(flags);
		const { signal } = context;
		const client = await context.connect();
		const { id } = await findContainer(client, word, { signal });
		const streams = { tty, stdin, stdout: true, stderr: !tty };
		if (tty && detachKeys && context.terminalSize() !== undefined) {
			context.stderr.write(
				`criscope: attaching; ${keys.replaceAll(',', ' ')} leaves the container running\n`,
			);
		}
		const end = await runStream(
			{
				open: () => client.runtime.attach({ containerId: id, ...streams }, { signal }),
				...streams,
				transport: transportOf(flags),
				tls,
				detachKeys,
			},
			context,
		);
		if (end.kind === 'exited') return exitCodeAfter(client, id, end.exitCode, context);
		const what = `container "${sanitizeLine(word)}"`;
		return streamExitCode(end, { what, purpose: 'attach to' }, context);
	},
});
