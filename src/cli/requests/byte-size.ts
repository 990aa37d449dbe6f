import { UsageError } from '../usage-error.ts';

const powers = 'bkmgtp';

/**
 * Reads a size as Podman and Docker write it: `64m` is 64 MiB, a bare number is bytes, `1.5g` is possible.
 * @param written the flag, for the error
 * @throws UsageError that quotes the value.
 */
export function readByteSize(text: string, written: string): bigint {
	const [, digits, unit = 'b'] = /^(\d{1,18}(?:\.\d{1,9})?) ?([bkmgtp])?(?:i?b)?$/iu.exec(text) ?? [];
	if (digits === undefined)
		throw new UsageError(`flag ${written} is a size such as 512m or 2g, not "${text}"`);
	const factor = 1024n ** BigInt(powers.indexOf(unit.toLowerCase()));
	const bytes = digits.includes('.')
		? BigInt(Math.round(Number(digits) * Number(factor)))
		: BigInt(digits) * factor;
	if (bytes >= 2n ** 63n) throw new UsageError(`flag ${written} is more than any machine has: "${text}"`);
	return bytes;
}
