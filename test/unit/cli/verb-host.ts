/** A process made of strings, for tests of verbs; and a client that knows only what a test gives it. */
import { Readable, Writable } from 'node:stream';
import { runVerb, type VerbHost } from '../../../src/cli/run-verb.ts';
import { UnimplementedError } from '../../../src/cri/errors.ts';
import { imageId } from '../../../src/cri/ids.ts';
import type { ImageTransferService } from '../../../src/cri/image-transfer.ts';
import type { Image } from '../../../src/cri/model.ts';
import type { AnswerService, CriClient, ImageService, RuntimeService } from '../../../src/cri/ports.ts';

/** What a test's runtime answers; whatever is missing is Unimplemented. */
export type FakeServices = {
	readonly images?: Partial<ImageService> | undefined;
	readonly runtime?: Partial<RuntimeService> | undefined;
	readonly answers?: Partial<AnswerService> | undefined;
	readonly transfers?: Partial<ImageTransferService> | undefined;
};

/** What came of a verb. */
export type Ran = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

function service<T extends object>(methods: Partial<T> | undefined): T {
	return new Proxy((methods ?? {}) as T, {
		get(target, name) {
			const method = target[name as keyof T];
			if (method) return method;
			return () => {
				throw new UnimplementedError(`the runtime does not offer "${String(name)}"`);
			};
		},
	});
}

function collector(): { readonly stream: Writable; readonly bytes: () => Buffer } {
	const chunks: Buffer[] = [];
	const stream = new Writable({
		write(chunk: Buffer, _encoding, done) {
			chunks.push(chunk);
			done();
		},
	});
	return { stream, bytes: () => Buffer.concat(chunks) };
}

/** How a verb is run. */
export type RunOptions = Partial<Omit<VerbHost, 'stdin' | 'stdout' | 'stderr'>> & {
	readonly services?: FakeServices | undefined;
	readonly stdin?: string | undefined;
	readonly before?: readonly string[] | undefined;
};

/** Runs a verb without a process. Rejects with what the verb throws. */
export async function run(
	[word = '', ...after]: readonly string[],
	{ services, stdin = '', before = [], ...host }: RunOptions = {},
): Promise<Ran & { readonly stdoutBytes: Buffer }> {
	const [stdout, stderr] = [collector(), collector()];
	const client = {
		images: service(services?.images),
		runtime: service(services?.runtime),
		answers: service(services?.answers),
		transfers: service(services?.transfers),
		supports: () => true,
		close: () => undefined,
	} as unknown as CriClient;
	const exitCode = await runVerb(
		word,
		{ before, after },
		{
			stdin: () => Readable.from([Buffer.from(stdin)]),
			stdout: stdout.stream,
			stderr: stderr.stream,
			env: {},
			terminalSize: () => undefined,
			stdinIsTerminal: false,
			stdoutIsTerminal: false,
			takeSignals: () => ({ [Symbol.dispose]: () => undefined }),
			signal: new AbortController().signal,
			connect: async () => client,
			now: () => 0,
			...host,
		},
	);
	return {
		exitCode,
		stdout: stdout.bytes().toString(),
		stderr: stderr.bytes().toString(),
		stdoutBytes: stdout.bytes(),
	};
}

/** An image as a runtime lists it. */
export function fakeImage(id: string, repoTags: readonly string[], more: Partial<Image> = {}): Image {
	return {
		id: imageId(id),
		repoTags,
		repoDigests: [],
		sizeBytes: 1000n,
		uid: undefined,
		username: '',
		pinned: false,
		spec: undefined,
		...more,
	};
}
