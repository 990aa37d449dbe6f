/** Reads a file that somebody wrote by hand; whatever is wrong with it becomes one sentence with its name. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { UsageError } from '../usage-error.ts';
import type { VerbContext } from '../verb.ts';
import { DocumentError } from './read-message.ts';

/** More than any pod's configuration; what comes through a pipe has no end otherwise. */
const maxBytes = 16 * 1024 * 1024;

type Options = { readonly signal: AbortSignal; readonly stdin?: VerbContext['stdin'] | undefined };

async function readBytes(path: string, { signal, stdin }: Options): Promise<Buffer> {
	if (path !== '-' || stdin === undefined) return readFile(path, { signal });
	const input = stdin();
	const stop = () => input.destroy(new DOMException('aborted', 'AbortError'));
	signal.addEventListener('abort', stop, { once: true });
	try {
		return await buffer(input);
	} finally {
		signal.removeEventListener('abort', stop);
	}
}

function causeOf(error: unknown): string {
	const { code, message } = error as NodeJS.ErrnoException;
	if (code === 'ENOENT') return 'no such file';
	if (code === 'EISDIR') return 'it is a folder';
	if (code === 'EACCES') return 'permission denied';
	// The parser's sentence ends in a colon, and shows the place in lines of its own.
	return (message.split('\n', 1)[0] ?? message).replace(/:$/u, '');
}

/**
 * Reads all documents of a YAML or JSON file, and makes something of them.
 * @param what its kind in the error: `pod configuration`
 * @param path `-` for standard input, where `stdin` is given
 * @param map is given the documents that are not empty; what it throws is about the file
 * @throws UsageError `cannot read <what> "<path>": <cause>`.
 */
export async function readDocuments<Made>(
	what: string,
	path: string,
	map: (documents: readonly unknown[]) => Made,
	options: Options,
): Promise<Made> {
	try {
		const bytes = await readBytes(path, options);
		if (bytes.length > maxBytes)
			throw new DocumentError(`it has ${bytes.length} bytes, more than ${maxBytes}`);
		const { parseGoYaml } = await import('../yaml-library.ts');
		return map(parseGoYaml(bytes.toString('utf8')));
	} catch (error) {
		options.signal.throwIfAborted();
		if (error instanceof TypeError || error instanceof ReferenceError) throw error;
		const name = path === '-' && options.stdin ? 'standard input' : `"${path}"`;
		throw Object.assign(new UsageError(`cannot read ${what} ${name}: ${causeOf(error)}`), { cause: error });
	}
}
