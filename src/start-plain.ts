import { hostname } from 'node:os';
import type { ProgramOptions } from './arguments.ts';
import { describeOrigin } from './cri/endpoints.ts';
import { readConfig, readOnlyOf } from './read-config.ts';
import { chooseRuntime, connectRuntime, restartPatienceMs, settleChoice } from './runtime-access.ts';
import { detectCapabilities } from './text/terminal-capabilities.ts';
import { createAuditLog } from './ui/effects/action-audit.ts';
import { createLinearSession } from './ui/plain/linear.ts';
import { createLinearInput } from './ui/plain/linear-input.ts';
import { createLinearOutput } from './ui/plain/linear-output.ts';

/** By the shell's custom, 128 and the number of the signal. Source: signal(7), bash(1) "EXIT STATUS". */
const signalExitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGQUIT: 131 } as const;

/**
 * Runs the linear mode: with a prompt on a terminal, as a filter for commands where they come from a pipe.
 * @returns the exit code.
 * @throws Error in one sentence where there is no runtime to ask.
 */
export async function startPlain(options: ProgramOptions): Promise<number> {
	const config = await readConfig(options);
	const request = { env: process.env, readOnly: readOnlyOf(options, config).enabled };
	const choose = () => chooseRuntime(options, config.runtime, { patienceMs: restartPatienceMs });
	const choice = await settleChoice(await choose(), choose, request);
	const interactive = process.stdin.isTTY === true;
	const { unicode } = detectCapabilities(process.env, process.stdout.isTTY === true);
	const output = createLinearOutput(process.stdout, {
		unicode: config.ui.ascii === undefined ? unicode : !config.ui.ascii,
		// Nobody reads any more: as after SIGPIPE for any filter, as after a hang-up for a terminal.
		onLost: () => process.exit(interactive ? signalExitCodes.SIGHUP : 0),
	});
	if (choice.others.length > 0) {
		const others = choice.others.map(({ endpoint }) => endpoint).join(', ');
		await output.line(
			`Using ${choice.runtimeEndpoint} (${describeOrigin(choice.origin)}); also found ${others}.`,
		);
	}
	const client = await connectRuntime(choice.runtimeEndpoint, {
		imageEndpoint: choice.imageEndpoint,
		timeoutMs: config.runtime.timeoutMs ?? choice.timeoutMs,
		patienceMs: restartPatienceMs,
	});
	using input = createLinearInput(process.stdin);
	const session = createLinearSession({
		client,
		hostname: hostname(),
		input,
		output,
		interactive,
		readOnly: readOnlyOf(options, config),
		audit: createAuditLog(process.env),
		watchIntervalMs: config.ui.refreshIntervalMs,
	});
	for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
		process.on(signal, () => {
			// Ctrl-C ends what is going on first; the terminal was never changed, so leaving is all there is to do.
			if (signal === 'SIGINT' && session.interrupt()) return;
			if (interactive && signal === 'SIGINT') output.prompt('\n');
			process.exit(signalExitCodes[signal]);
		});
	}
	const code = await session.run();
	client.close();
	process.exit(code);
}
