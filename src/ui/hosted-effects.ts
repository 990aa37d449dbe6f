import { hostAuthAccess } from '../cri/registry-credentials.ts';
import type { Config } from './config/config.ts';
import { createAuditLog } from './effects/action-audit.ts';
import { createActionEffects } from './effects/action-effects.ts';
import { createDemoOffer } from './effects/demo-offer.ts';
import type { DemoAccess } from './effects/demo-step.ts';
import type { EffectHost } from './effects/effect-host.ts';
import type { Effects } from './effects/effects.ts';
import { createInspectEffects } from './effects/inspect-effects.ts';
import { createLogEffects } from './effects/log-effects.ts';
import { createPullEffects } from './effects/pull-effects.ts';
import { createPullHistory } from './effects/pull-history.ts';
import { createReadOnlyAudit } from './effects/read-only-audit.ts';
import { createSessionEffects } from './effects/session-effects.ts';
import { createTransferMemory } from './effects/transfer-memory.ts';
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
	lent: {
		readonly config: Config;
		readonly terminal: Terminal;
		readonly demo: DemoAccess;
		readonly refresh: () => void;
	},
): HostedEffects {
	const audit = createAuditLog(host.env);
	const actions = createActionEffects(host, { refresh: lent.refresh, audit, demo: lent.demo });
	const transfers = createTransferMemory();
	const demoOffer = createDemoOffer(host, { transfers });
	const inspect = createInspectEffects(host, { transfers });
	const logs = createLogEffects(host);
	const pulls = createPullEffects(host, {
		refresh: lent.refresh,
		audit,
		history: createPullHistory(host.env, lent.config.pull.historySize),
		authAccess: hostAuthAccess(host.env),
		authFile: lent.config.pull.authFile,
		transfers,
	});
	const sessions = createSessionEffects(host, lent);
	const readOnly = createReadOnlyAudit(host, audit);
	return {
		effects: { logs, inspect, actions, pulls, sessions: sessions.effects },
		follow: () => {
			logs.follow();
			inspect.follow();
			sessions.follow();
			demoOffer.follow();
			readOnly.follow();
		},
		[Symbol.dispose]: () => {
			logs[Symbol.dispose]();
			inspect[Symbol.dispose]();
			actions[Symbol.dispose]();
			pulls[Symbol.dispose]();
			sessions[Symbol.dispose]();
		},
	};
}
