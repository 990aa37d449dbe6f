/** Numbers of signals as images and people write them. Source: signal(7); OCI image-spec, config.md, StopSignal */
import { constants } from 'node:os';

/** The real-time signals that the C library leaves to programs. */
const firstRealTime = 34;
const lastRealTime = 64;

/**
 * Number of a signal: `SIGTERM`, `term`, `15`, `SIGRTMIN+3`, `RTMAX-1`.
 * @returns undefined for what is no signal
 */
export function signalNumberOf(written: string): number | undefined {
	if (/^\d{1,3}$/.test(written)) {
		const number = Number(written);
		return number >= 1 && number <= lastRealTime ? number : undefined;
	}
	const name = written.toUpperCase().replace(/^SIG/, '');
	const realTime = /^RT(?:MIN(?:\+(?<above>\d{1,2}))?|MAX(?:-(?<below>\d{1,2}))?)$/.exec(name);
	if (realTime !== null) {
		const { above, below } = realTime.groups ?? {};
		const number = name.startsWith('RTMIN')
			? firstRealTime + Number(above ?? 0)
			: lastRealTime - Number(below ?? 0);
		return number >= firstRealTime && number <= lastRealTime ? number : undefined;
	}
	return (constants.signals as Readonly<Record<string, number>>)[`SIG${name}`];
}
