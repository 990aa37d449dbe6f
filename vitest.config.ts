import { defineConfig } from 'vitest/config';

const reporters = ['minimal', './scripts/vitest-counts.mjs'];

/**
 * Two kinds of tests (test/README.md): `unit` is pure and runs in parallel, `e2e` drives the real program against a real
 * containerd, one file at a time.
 */
export default defineConfig({
	test: {
		reporters,
		projects: [
			{
				test: {
					name: 'unit',
					include: ['test/unit/**/*.test.{ts,tsx}', 'test/*.test.ts'],
					env: { TZ: 'UTC', NODE_ENV: 'production' },
					// Modules keep no state, so files can share a process: that halves the time.
					pool: 'forks',
					isolate: false,
					// The default leaves one core idle, which on two is half of them.
					maxWorkers: 2,
					setupFiles: ['test/helpers/patience.ts'],
					expect: { poll: { timeout: 30_000 } },
					// How long a property takes is the machine's affair: only what hangs is stopped.
					testTimeout: 60_000,
				},
			},
			{
				test: {
					name: 'e2e',
					include: ['test/e2e/**/*.test.ts', 'test/parts/**/*.test.ts', 'test/runtime/**/*.test.ts'],
					globalSetup: ['test/helpers/global-setup.ts'],
					// No test starts a runtime on the store of this machine by accident.
					env: { TZ: 'UTC', CRISCOPE_EMBEDDED: 'off' },
					pool: 'forks',
					fileParallelism: false,
					// Real programs on a loaded machine: what fails twice and not again is told, and does not stop a landing.
					retry: 2,
					setupFiles: ['test/helpers/patience.ts'],
					expect: { poll: { timeout: 30_000 } },
					testTimeout: 120_000,
					hookTimeout: 120_000,
					teardownTimeout: 60_000,
				},
			},
		],
	},
});
