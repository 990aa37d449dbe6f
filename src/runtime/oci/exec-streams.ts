/** The streams between a command in a container and us: pipes, or a terminal that the OCI runtime makes inside. */
import { closeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ContainerCalls } from '../sys/container-calls.ts';
import {
	type DescriptorOutput,
	openTerminal,
	readPipe,
	type TerminalStreams,
	writePipe,
} from '../sys/descriptor-streams.ts';
import type { StartedProgram } from '../sys/program-start.ts';
import { OciRuntimeError } from './model.ts';

/** Our ends, once the command runs. */
export type OpenedStreams = {
	readonly stdin: Writable | undefined;
	readonly stdout: DescriptorOutput;
	/** Undefined with a terminal. */
	readonly stderr: DescriptorOutput | undefined;
	readonly terminal: TerminalStreams | undefined;
};

/** Streams before and while the runtime starts the command. */
export type ExecStreams = {
	/** For the runtime, which hands them on to the command. */
	readonly stdio: readonly ('ignore' | 'pipe' | number)[];
	/** Must be called once the runtime has been started. */
	closeChildEnds(): void;
	/** What the runtime said instead of starting the command. */
	complaints(runtime: Pick<StartedProgram, 'stderr'>): Promise<string>;
	/** Once, after the runtime has ended well. @throws OciRuntimeError */
	opened(): OpenedStreams;
	/** Closes everything, whatever was opened. */
	abandon(): void;
};

/**
 * Real pipes, not the socket pairs of Node: a command may open /dev/stdin or /dev/stdout again, which sockets refuse.
 * @throws SyscallError
 */
export function pipeStreams(sys: ContainerCalls, withStdin: boolean): ExecStreams {
	using undo = new DisposableStack();
	const childEnds = undo.use(new DisposableStack());
	const outputPipe = (): { readonly child: number; readonly output: DescriptorOutput } => {
		const { readEnd, writeEnd } = sys.pipe();
		childEnds.defer(() => closeSync(writeEnd));
		const output = readPipe(sys, readEnd);
		undo.defer(() => output.stream.destroy());
		return { child: writeEnd, output };
	};
	let stdin: { readonly child: number; readonly input: Writable } | undefined;
	if (withStdin) {
		const { readEnd, writeEnd } = sys.pipe();
		childEnds.defer(() => closeSync(readEnd));
		const input = writePipe(writeEnd);
		undo.defer(() => input.destroy());
		stdin = { child: readEnd, input };
	}
	const stdout = outputPipe();
	const stderr = outputPipe();
	const made = undo.move();
	return {
		stdio: [stdin?.child ?? 'ignore', stdout.child, stderr.child],
		closeChildEnds: () => childEnds.dispose(),
		complaints() {
			stderr.output.drain();
			return text(stderr.output.stream);
		},
		opened: () => ({
			stdin: stdin?.input,
			stdout: stdout.output,
			stderr: stderr.output,
			terminal: undefined,
		}),
		abandon: () => made.dispose(),
	};
}

/**
 * A terminal: the runtime makes it in the container's own devpts, and sends us its master side through a socket. By the
 * time that the runtime has ended, it has sent it.
 * @throws SyscallError
 */
export function consoleStreams(sys: ContainerCalls, socketPath: string): ExecStreams {
	const listener = sys.listenStream(socketPath);
	using undo = new DisposableStack();
	undo.defer(() => closeSync(listener));
	const made = undo.move();
	return {
		stdio: ['ignore', 'ignore', 'pipe'],
		closeChildEnds: () => undefined,
		complaints: (runtime) => (runtime.stderr === null ? Promise.resolve('') : text(runtime.stderr)),
		opened() {
			const master = sys.receiveDescriptor(listener);
			if (master === undefined) {
				throw new OciRuntimeError('exec', 'cannot open the terminal of a command: the runtime sent none');
			}
			const terminal = openTerminal(sys, master);
			made.dispose();
			return { stdin: terminal.input, stdout: terminal, stderr: undefined, terminal };
		},
		abandon: () => made.dispose(),
	};
}
