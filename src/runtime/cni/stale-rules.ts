/**
 * Packet filter rules of a pod whose network namespace went before its plugins could read the addresses in it. Plugins
 * write the pod's id into the comment of the rule that leads to a chain of its own. Source: CNI plugins, pkg/ip, utils
 */
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import { runCommand } from '../sys/process.ts';

const timeoutMs = 30_000;

/** Removes them from both families' nat tables. A machine without the tables has no such rules. Never throws. */
export async function removeRulesOf(podSandboxId: string, log: Log): Promise<void> {
	for (const program of ['iptables', 'ip6tables']) {
		try {
			const saved = await runCommand(`${program}-save`, ['-t', 'nat'], { timeoutMs });
			const removal = removalOf(saved.stdout, podSandboxId);
			if (removal === undefined) continue;
			await runCommand(`${program}-restore`, ['-w', '20', '--noflush'], { timeoutMs, input: removal });
		} catch (error) {
			log('debug', 'cannot look for rules of a pod', { sandbox: podSandboxId, error: errorMessage(error) });
		}
	}
}

/** @returns input of iptables-restore; undefined where there is nothing to remove. Pure. */
export function removalOf(saved: string, podSandboxId: string): string | undefined {
	const lines = saved.split('\n');
	// As the plugins write it, and as iptables-save shows quotes within quotes.
	const mark = `id: \\"${podSandboxId}\\"`;
	const rules = lines.filter((line) => line.startsWith('-A ') && line.includes(mark));
	if (rules.length === 0) return undefined;
	const led = rules.flatMap((rule) => / -j (CNI-[\w-]+)/.exec(rule)?.[1] ?? []);
	// Chains that all pods share are led to from elsewhere too.
	const others = lines.filter((line) => line.startsWith('-A ') && !rules.includes(line));
	const chains = [...new Set(led)].filter((chain) => !others.some((line) => line.endsWith(` -j ${chain}`)));
	const removed = rules.map((rule) => rule.replace(/^-A /, '-D '));
	return [
		'*nat',
		...removed,
		...chains.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`]),
		'COMMIT',
		'',
	].join('\n');
}
