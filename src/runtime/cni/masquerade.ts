/**
 * The rules of a bridge whose pods reach the world by the host's address: one set for all its pods, where the bridge
 * plugin would make one for each and takes longer for that than for everything else.
 */
import { runCommand } from '../sys/process.ts';

/** What is masqueraded. */
export type MasqueradedBridge = {
	readonly bridge: string;
	/** In CIDR form, of either family. */
	readonly subnets: readonly string[];
};

type WaitOptions = { readonly signal?: AbortSignal | undefined };

const timeoutMs = 30_000;
/** Another program may hold the lock of the tables. Source: iptables(8), -w */
const wait = ['-w', '20'];

/** Makes the rules where they are not; cheap where they are. @throws ExecError */
export async function ensureMasquerade(
	network: MasqueradedBridge,
	{ signal }: WaitOptions = {},
): Promise<void> {
	const chain = chainOf(network);
	for (const { program, subnet } of familiesOf(network)) {
		const [nat, forward] = jumpsOf(chain, subnet);
		const run = (args: readonly string[]) => runCommand(program, [...wait, ...args], { timeoutMs, signal });
		const present = async (args: readonly string[]) =>
			run(args).then(
				() => true,
				(error: unknown) => {
					signal?.throwIfAborted();
					if ((error as { exitCode?: unknown }).exitCode === undefined) throw error;
					return false;
				},
			);
		if ((await present(['-t', 'nat', '-C', ...nat])) && (await present(['-C', ...forward]))) continue;
		await removeFamily(program, chain, subnet, signal);
		const rules = rulesOf(chain, subnet);
		await runCommand(`${program}-restore`, [...wait, '--noflush'], { timeoutMs, signal, input: rules });
	}
}

/** What is not there is no error. */
export async function removeMasquerade(
	network: MasqueradedBridge,
	{ signal }: WaitOptions = {},
): Promise<void> {
	for (const { program, subnet } of familiesOf(network)) {
		await removeFamily(program, chainOf(network), subnet, signal);
	}
}

async function removeFamily(
	program: string,
	chain: string,
	subnet: string,
	signal: AbortSignal | undefined,
): Promise<void> {
	const [nat, forward] = jumpsOf(chain, subnet);
	const steps = [
		['-t', 'nat', '-D', ...nat],
		['-t', 'nat', '-F', chain],
		['-t', 'nat', '-X', chain],
		['-D', ...forward],
		['-F', chain],
		['-X', chain],
	];
	for (const args of steps) {
		await runCommand(program, [...wait, ...args], { timeoutMs, signal }).catch(() =>
			signal?.throwIfAborted(),
		);
	}
}

/** Two rules that lead into our chains. */
function jumpsOf(chain: string, subnet: string): readonly [readonly string[], readonly string[]] {
	return [
		['POSTROUTING', '-s', subnet, '-j', chain],
		// Behind all others: it matters only where the policy is to drop.
		['FORWARD', '-j', chain],
	];
}

function rulesOf(chain: string, subnet: string): string {
	const [nat, forward] = jumpsOf(chain, subnet);
	const multicast = subnet.includes(':') ? 'ff00::/8' : '224.0.0.0/4';
	return [
		'*nat',
		`:${chain} - [0:0]`,
		`-A ${chain} -d ${subnet} -j RETURN`,
		`-A ${chain} -d ${multicast} -j RETURN`,
		`-A ${chain} -j MASQUERADE`,
		`-A ${nat.join(' ')}`,
		'COMMIT',
		'*filter',
		`:${chain} - [0:0]`,
		`-A ${chain} -s ${subnet} -j ACCEPT`,
		`-A ${chain} -d ${subnet} -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j ACCEPT`,
		`-A ${forward.join(' ')}`,
		'COMMIT',
		'',
	].join('\n');
}

/** At most 28 characters, of which a bridge has 15. Source: iptables(8) */
function chainOf({ bridge }: MasqueradedBridge): string {
	return `CRISCOPE-${bridge}`;
}

function familiesOf({ subnets }: MasqueradedBridge) {
	return subnets.map((subnet) => ({ program: subnet.includes(':') ? 'ip6tables' : 'iptables', subnet }));
}
