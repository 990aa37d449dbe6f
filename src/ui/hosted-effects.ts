import type { Config } from './config/config.ts';
import type { EffectHost } from './effects/effect-host.ts';
import type { Effects } from './effects/effects.ts';
import type { Terminal } from './terminal/terminal.ts';

/** The effects of all features, made for one host; one line each. */
export type HostedEffects = Disposable & {
	readonly effects: Omit<Effects, 'app'>;
	/** Called after every event: effects that follow the state look at it and do what has become due. */
	readonly follow: () => void;
};

/** Makes them all. What they hold is let go when the answer is disposed of. */
export function createHostedEffects(
	_host: EffectHost,
	_lent: { readonly config: Config; readonly terminal: Terminal },
): HostedEffects {
	return {
		effects: { logs: {}, inspect: {}, actions: {}, pulls: {}, sessions: {} },
		follow: () => undefined,
		[Symbol.dispose]: () => undefined,
	};
}
