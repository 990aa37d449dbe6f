/**
 * How long a test waits for what must come: as long as a machine that ten others use may take, since a wait that is over
 * costs nothing. Vitest's second is right for a quiet one only. Loaded before every test file (vitest.config.ts).
 */
import { vi } from 'vitest';

/** The least time that anything is waited for, in milliseconds. */
export const patienceMs = 30_000;

const { waitFor, waitUntil } = vi;

function patient<Options extends { timeout?: number }>(options: number | Options | undefined) {
	const { timeout = 0, ...rest } = typeof options === 'number' ? { timeout: options } : (options ?? {});
	return { ...rest, timeout: Math.max(timeout, patienceMs) };
}

vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));
