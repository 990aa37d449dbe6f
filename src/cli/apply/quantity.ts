import { DocumentError } from '../requests/read-message.ts';

const factors: Readonly<Record<string, readonly [bigint, bigint]>> = {
	n: [1n, 1_000_000_000n],
	u: [1n, 1_000_000n],
	m: [1n, 1000n],
	'': [1n, 1n],
	k: [1000n, 1n],
	M: [1000n ** 2n, 1n],
	G: [1000n ** 3n, 1n],
	T: [1000n ** 4n, 1n],
	P: [1000n ** 5n, 1n],
	E: [1000n ** 6n, 1n],
	Ki: [1024n, 1n],
	Mi: [1024n ** 2n, 1n],
	Gi: [1024n ** 3n, 1n],
	Ti: [1024n ** 4n, 1n],
	Pi: [1024n ** 5n, 1n],
	Ei: [1024n ** 6n, 1n],
};

/**
 * Reads a quantity of Kubernetes, `500m`, `1.5`, `64Mi`, `1e3`, in thousandths, rounded up.
 * @param at the field, for the error
 * @throws DocumentError. Source: k8s.io/apimachinery/pkg/api/resource/quantity.go
 */
export function readMilliQuantity(text: string, at: string): bigint {
	const match = /^\+?(\d{1,18})?(?:\.(\d{0,18}))?(?:[eE]([+-]?\d{1,2})|([a-zA-Z]{1,2}))?$/u.exec(text);
	const [, whole = '', fraction = '', exponent, suffix = ''] = match ?? [];
	const factor = Object.hasOwn(factors, suffix) ? factors[suffix] : undefined;
	if (!match || !factor || whole + fraction === '') {
		throw new DocumentError(`"${at}" must be a quantity such as 500m or 64Mi, not "${text}"`);
	}
	const power = Number(exponent ?? 0);
	const numerator = BigInt(whole + fraction) * factor[0] * 1000n * 10n ** BigInt(Math.max(0, power));
	const denominator = factor[1] * 10n ** BigInt(fraction.length + Math.max(0, -power));
	return (numerator + denominator - 1n) / denominator;
}

/** Reads a quantity in whole units, rounded up. @throws DocumentError */
export function readQuantity(text: string, at: string): bigint {
	return (readMilliQuantity(text, at) + 999n) / 1000n;
}
