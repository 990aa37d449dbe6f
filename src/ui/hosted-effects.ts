import type { Config } from './config/config.ts';
import { createAuditLog } from './effects/action-audit.ts';
import { createActionEffects } from './effects/action-effects.ts';
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
	host: EffectHost,
	lent: { readonly config: Config; readonly terminal: Terminal; readonly refresh: () => void },
): HostedEffects {
	const audit = createAuditLog(host.env);
	const actions = createActionEffects(host, { refresh: lent.refresh, audit });
	return {
		effects: { logs: {}, inspect: {}, actions, pulls: {}, sessions: {} },
		follow: () => undefined,
		[Symbol.dispose]: () => {
			actions[Symbol.dispose]();
		},
	};
}
