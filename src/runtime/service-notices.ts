/** Tells the service manager that started us how far we are. Source: sd_notify(3); systemd.service(5), Type=notify */
import { errorMessage } from '../cri/errors.ts';
import type { Log } from './log.ts';

/** None of them throws: a manager that does not listen changes nothing for containers. */
export type ServiceNotices = {
	/** The socket is there. @param status one line for `systemctl status` */
	ready(status: string): void;
	/** Reads the configuration anew by `work`. Before `ready` nothing is said of it. */
	reload(work: () => Promise<void>): Promise<void>;
	stopping(): void;
};

/**
 * @param env loses NOTIFY_SOCKET: OCI runtimes that are given it would lend it to containers
 * @param send one datagram to an address; not called where nobody wants notices
 */
export function createServiceNotices(
	env: NodeJS.ProcessEnv,
	{ send, log }: { readonly send: (address: string, text: string) => void; readonly log: Log },
): ServiceNotices {
	const address = env['NOTIFY_SOCKET'] ?? '';
	delete env['NOTIFY_SOCKET'];
	// Others (vsock, say) are none of this machine's.
	const isOurs = /^[/@]./.test(address);
	const tell = (...lines: readonly string[]): void => {
		if (!isOurs) return;
		try {
			send(address, lines.join('\n'));
		} catch (error) {
			log('warn', 'the service manager cannot be told', { state: lines[0], error: errorMessage(error) });
		}
	};
	let isReady = false;
	return {
		ready(status) {
			isReady = true;
			tell('READY=1', `STATUS=${status}`);
		},
		async reload(work) {
			if (!isReady) return work();
			// Which reload is meant is told by the clock that systemd looks at. Source: clock_gettime(2), CLOCK_MONOTONIC
			tell('RELOADING=1', `MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
			await work();
			if (isReady) tell('READY=1');
		},
		stopping() {
			isReady = false;
			tell('STOPPING=1');
		},
	};
}
