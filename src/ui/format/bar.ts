import type { Line, Token } from '../theme/tokens.ts';

/**
 * A bar of whole cells: coarse on purpose, so that a slow line is sent a cell now and then and not one a frame.
 * Full only when all is there. `share` is from 0 to 1.
 */
export function barSpans(share: number, cells: number, token: Token | undefined): Line {
	const clamped = Number.isFinite(share) ? Math.max(0, Math.min(1, share)) : 0;
	const full = Math.floor(clamped * cells);
	return [
		{ text: '█'.repeat(full), token },
		{ text: '░'.repeat(cells - full), token: 'muted' },
	];
}

/** `42%`; 100 only when all is there. */
export function percentText(share: number): string {
	return `${Math.floor(Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0)) * 100)}%`;
}
