import { errorMessage, isAbort } from '../../cri/errors.ts';
import { containerId } from '../../cri/ids.ts';
import type { ExecSyncResult } from '../../cri/model.ts';
import type { RuntimeService } from '../../cri/ports.ts';

/** What looking for a shell came to. */
export type ShellSearch =
	| { readonly kind: 'found'; readonly command: readonly string[] }
	/** The image has none; `message` is the runtime's own text for the first try, not sanitised. */
	| { readonly kind: 'none'; readonly message: string }
	/** It could not be found out; not sanitised. */
	| { readonly kind: 'failed'; readonly message: string };

/** What is looked for, in the words of the sentence that says none was found. */
export const shellNames = ['bash', 'ash', 'sh'] as const;

/** How long one try may take, in seconds for the runtime and a little longer for the call. */
const tryTimeoutSeconds = 3;

/** Prints the best shell there is; runs in any of them. */
const bestShell = 'for s in bash ash sh; do p=$(command -v $s) && echo "$p" && exit 0; done; exit 127';

/** Tried where no `sh` is on the PATH, or where it could not say. */
const otherShells: readonly (readonly string[])[] = [
	['/bin/bash'],
	['/bin/ash'],
	['/bin/sh'],
	['/busybox/sh'],
	['/bin/busybox', 'sh'],
];

/** How runc, crun and the kernel say that a program cannot be started, as opposed to a container or a runtime. */
const missingText =
	/executable file .*not found|no such file or directory|permission denied|exec format error|(not|is) a directory/i;

/**
 * Finds a shell in a running container, at the cost of one ExecSync where there is an `sh`, and of six where there is
 * none.
 * @throws the AbortError of the signal; everything else is an answer.
 */
export async function findShell(
	runtime: Pick<RuntimeService, 'execSync'>,
	id: string,
	{ signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<ShellSearch> {
	let firstMessage: string | undefined;
	for (const command of [['sh'], ...otherShells]) {
		const asksForBest = command.length === 1 && command[0] === 'sh';
		let result: ExecSyncResult;
		try {
			result = await runtime.execSync(
				{
					containerId: containerId(id),
					command: [...command, '-c', asksForBest ? bestShell : 'exit 0'],
					timeoutSeconds: tryTimeoutSeconds,
				},
				{ signal, timeoutMs: (tryTimeoutSeconds + 2) * 1000 },
			);
		} catch (error) {
			if (isAbort(error)) throw error;
			const message = errorMessage(error);
			// A container that stopped or a runtime that is silent says nothing about the image.
			if (!missingText.test(message)) return { kind: 'failed', message };
			firstMessage ??= message;
			continue;
		}
		if (result.exitCode === 0) {
			const found = asksForBest ? Buffer.from(result.stdout).toString('utf8').trim() : '';
			return { kind: 'found', command: found.startsWith('/') ? [found] : command };
		}
		const words = Buffer.from(result.stderr).toString('utf8').trim();
		firstMessage ??= words === '' ? `exit code ${result.exitCode}` : words;
	}
	return { kind: 'none', message: firstMessage ?? '' };
}
