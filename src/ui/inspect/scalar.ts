import type { Token } from '../theme/tokens.ts';
import { secretMask } from './secrets.ts';

/** Whether a value is written on one line of its own. */
export function isScalar(value: unknown): value is string | number | bigint | boolean | null | undefined {
	return typeof value !== 'object' || value === null;
}

/** How a scalar looks: masked secrets and absent values stand out, numbers and words do not. */
export function scalarToken(value: unknown): Token | undefined {
	if (typeof value === 'string') return value.includes(secretMask) ? 'warn' : undefined;
	if (value === null || value === undefined) return 'muted';
	return typeof value === 'boolean' ? 'link' : 'ok';
}
