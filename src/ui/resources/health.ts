import type { Container, PodSandbox } from '../../cri/model.ts';
import type { ContainerFacts } from './facts.ts';
import type { Health } from './resource.ts';

/** How an object is doing and the few words that its state column shows. */
export type Condition = { readonly health: Health; readonly text: string };

/** Signals by number, for exit codes above 128. Source: signal(7), x86 and ARM. */
const signalNames: Readonly<Record<number, string>> = {
	1: 'SIGHUP',
	2: 'SIGINT',
	3: 'SIGQUIT',
	4: 'SIGILL',
	6: 'SIGABRT',
	7: 'SIGBUS',
	8: 'SIGFPE',
	9: 'SIGKILL',
	11: 'SIGSEGV',
	13: 'SIGPIPE',
	14: 'SIGALRM',
	15: 'SIGTERM',
};

/** Says an exit code in words: `137 (SIGKILL)`. */
export function exitCodeText(exitCode: number): string {
	const signal = exitCode > 128 ? signalNames[exitCode - 128] : undefined;
	return signal ? `${exitCode} (${signal})` : `${exitCode}`;
}

/** Attempts after which a container that keeps failing is called a crash loop. */
const crashLoopAttempts = 2;

/** State of one container in words. A superseded attempt is history, never a problem of today. */
export function containerCondition(
	container: Container,
	facts: ContainerFacts | undefined,
	superseded: boolean,
	departed: boolean,
): Condition {
	if (departed) return { health: 'gone', text: 'Gone' };
	switch (container.state) {
		case 'running':
			return { health: 'ok', text: 'Running' };
		case 'created':
			return { health: 'warn', text: 'Created' };
		case 'unknown':
			return { health: superseded ? 'done' : 'fail', text: 'Unknown' };
		case 'exited': {
			if (facts?.state !== 'exited') return { health: 'done', text: 'Exited' };
			if (facts.exitCode === 0) return { health: 'done', text: facts.reason || 'Completed' };
			const reason =
				facts.reason === 'Error' || facts.reason === '' ? `Error ${facts.exitCode}` : facts.reason;
			return { health: superseded ? 'done' : 'fail', text: reason };
		}
	}
}

/** What of a container decides about its pod. */
type Part = {
	readonly health: Health;
	readonly stateText: string;
	readonly container: Container;
	readonly facts: ContainerFacts | undefined;
};

/**
 * State of a pod in words: the worst of its newest containers, unless the sandbox itself is not ready, or nothing but
 * the sandbox is known yet.
 */
export function podCondition(
	pod: PodSandbox,
	newest: readonly Part[],
	superseded: boolean,
	departed: boolean,
	containersKnown = true,
): Condition {
	if (departed) return { health: 'gone', text: 'Gone' };
	const failed = newest.find((part) => part.health === 'fail');
	if (pod.state === 'unknown') return { health: 'fail', text: 'Unknown' };
	if (pod.state === 'notReady') {
		if (superseded) return { health: 'done', text: 'Replaced' };
		if (failed) return { health: 'fail', text: failed.stateText };
		const running = newest.some((part) => part.container.state === 'running');
		if (!containersKnown) return { health: 'warn', text: 'NotReady' };
		return running ? { health: 'fail', text: 'NotReady' } : { health: 'done', text: 'Stopped' };
	}
	if (failed) {
		const looping = failed.container.metadata.attempt >= crashLoopAttempts;
		const killed = failed.stateText === 'OOMKilled';
		return { health: 'fail', text: looping && !killed ? 'CrashLoop' : failed.stateText };
	}
	if (!containersKnown) return { health: 'ok', text: 'Ready' };
	if (newest.length === 0) return { health: 'warn', text: 'NoContainer' };
	const created = newest.find((part) => part.container.state === 'created');
	if (created) return { health: 'warn', text: 'Created' };
	if (newest.every((part) => part.container.state === 'exited')) return { health: 'done', text: 'Completed' };
	return { health: 'ok', text: 'Running' };
}
