/** The RPCs of commands and streams: ExecSync, and the three that answer with a URL. */
import { readBigint, readFlag, readText, readTexts, type WireMessage } from '../codec-fields.ts';
import { checkTexts, refuse } from '../codec-request-checks.ts';
import type { StreamRequest } from '../ports.ts';
import { containerSubject, demandContainerId, demandPodSandboxId, podSandboxSubject } from './request-ids.ts';
import type { ServedRpcs } from './served-rpc.ts';
import type { ServedRuntime } from './served-runtime.ts';

/** Which streams. @throws InvalidArgumentError. Source: k8s.io/cri-streaming server.go, validateExecRequest */
function streamsOf(request: WireMessage): StreamRequest {
	const flag = (name: string) => readFlag(request[name]);
	const streams = {
		containerId: demandContainerId(request),
		tty: flag('tty'),
		stdin: flag('stdin'),
		stdout: flag('stdout'),
		stderr: flag('stderr'),
	};
	if (streams.tty && streams.stderr) refuse('stderr', 'is set together with tty, which has one output');
	if (!streams.stdin && !streams.stdout && !streams.stderr) {
		refuse('stdin, stdout, stderr', 'are all unset, and one of them is needed');
	}
	return streams;
}

function commandOf(request: WireMessage): readonly string[] {
	const command = checkTexts(request['cmd'], 'cmd');
	return command[0] ? command : refuse('cmd', 'is missing');
}

/** Longest time that an ExecSync may ask for, in seconds: 24 days, as far as a timer reaches. */
const longestExecSeconds = 2_000_000n;

/** @returns the RPCs of an implementation. */
export function streamingRpcs(runtime: ServedRuntime): ServedRpcs {
	return {
		ExecSync: {
			kind: 'unary',
			subject: (request) => `${containerSubject(request)} ${readTexts(request['cmd'])[0] ?? ''}`.trimEnd(),
			// A kubelet probes all the time, and no command is known to change nothing: told at the debug level.
			changes: false,
			answer: async (request, call) => {
				const seconds = readBigint(request['timeout']);
				const result = await runtime.execSync(
					{
						containerId: demandContainerId(request),
						command: commandOf(request),
						timeoutSeconds: Number(
							seconds < 0n ? 0n : seconds < longestExecSeconds ? seconds : longestExecSeconds,
						),
					},
					call,
				);
				return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
			},
		},
		Exec: {
			kind: 'unary',
			subject: containerSubject,
			changes: true,
			answer: async (request, call) => ({
				url: await runtime.exec({ ...streamsOf(request), command: commandOf(request) }, call),
			}),
		},
		Attach: {
			kind: 'unary',
			subject: containerSubject,
			changes: true,
			answer: async (request, call) => ({ url: await runtime.attach(streamsOf(request), call) }),
		},
		PortForward: {
			kind: 'unary',
			subject: podSandboxSubject,
			changes: true,
			answer: async (request, call) => {
				const ports = Array.isArray(request['port']) ? (request['port'] as readonly unknown[]) : [];
				const wrong = ports.find((port) => typeof port !== 'number' || port < 1 || port > 65_535);
				if (wrong !== undefined) refuse('port', `${String(wrong)} must be from 1 to 65535`);
				const id = demandPodSandboxId(request);
				return {
					url: await runtime.portForward({ podSandboxId: id, ports: ports as readonly number[] }, call),
				};
			},
			result: (answer: WireMessage) => (readText(answer['url']) === '' ? '' : 'url given'),
		},
	};
}
