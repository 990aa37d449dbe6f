const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];

/**
 * A size as crictl writes it in tables, in powers of 1000: `1.23MB`. Elsewhere this program uses powers of 1024.
 * @param digits significant ones
 * Source: github.com/docker/go-units, HumanSizeWithPrecision; Go's %.*g.
 */
export function humanSize(bytes: bigint | number, digits: number): string {
	let value = Number(bytes);
	let power = 0;
	while (value >= 1000 && power < units.length - 1) {
		value /= 1000;
		power++;
	}
	const [mantissa = '', exponent] = value.toPrecision(digits).split('e');
	const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/u, '') : mantissa;
	// Rounded up to a fourth digit, which Go's %g writes as 1e+03.
	const tail = exponent === undefined ? '' : `e+${exponent.replace('+', '').padStart(2, '0')}`;
	return `${short}${tail}${units[power]}`;
}
