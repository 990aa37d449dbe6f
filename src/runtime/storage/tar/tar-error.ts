/**
 * A tar that cannot be read: `message` is the end of a sentence that begins with the entry's name, `its size is negative`.
 * `entry` is the name as far as it is known by then, in bytes (see ByteString).
 */
export class TarFormatError extends Error {
	override readonly name = 'TarFormatError';
	readonly entry: string | undefined;

	constructor(message: string, entry?: string | undefined, options?: ErrorOptions) {
		super(message, options);
		this.entry = entry;
	}
}
