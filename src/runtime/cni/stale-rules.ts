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
	await changeTables((saved) => removalOf(saved, podSandboxId), log);
}

/**
 * Removes the chains that portmap makes for all host ports and never takes away, where no host port is left. The tables
 * change as a whole or not at all: a plugin that makes one meanwhile keeps them. Never throws.
 */
export async function removeEmptyPortChains(log: Log): Promise<void> {
	await changeTables(emptyPortChainsRemoval, log);
}

/** For {@link removeEmptyPortChains}; undefined where there is nothing to remove. Pure. */
export function emptyPortChainsRemoval(saved: string): string | undefined {
	const lines = saved.split('\n');
	const rules = lines.filter((line) => line.startsWith('-A '));
	const chains = lines.flatMap((line) => /^:(CNI-HOSTPORT-\w+) /.exec(line)?.[1] ?? []);
	const isUsed = rules.some(
		(rule) => rule.startsWith('-A CNI-HOSTPORT-DNAT ') || rule.startsWith('-A CNI-DN-'),
	);
	if (chains.length === 0 || isUsed) return undefined;
	const ours = rules.filter((rule) =>
		chains.some((chain) => rule.startsWith(`-A ${chain} `) || rule.endsWith(` -j ${chain}`)),
	);
	// No chain is flushed: one that is not empty makes the whole change fail.
	return restoreInput([
		...ours.map((rule) => rule.replace(/^-A /, '-D ')),
		...chains.map((chain) => `-X ${chain}`),
	]);
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
	return restoreInput([...removed, ...chains.flatMap((chain) => [`-F ${chain}`, `-X ${chain}`])]);
}

function restoreInput(lines: readonly string[]): string {
	return ['*nat', ...lines, 'COMMIT', ''].join('\n');
}

async function changeTables(change: (saved: string) => string | undefined, log: Log): Promise<void> {
	for (const program of ['iptables', 'ip6tables']) {
		try {
			const saved = await runCommand(`${program}-save`, ['-t', 'nat'], { timeoutMs });
			const input = change(saved.stdout);
			if (input === undefined) continue;
			await runCommand(`${program}-restore`, ['-w', '20', '--noflush'], { timeoutMs, input });
		} catch (error) {
			log('debug', 'cannot remove rules of the packet filter', { program, error: errorMessage(error) });
		}
	}
}
