/**
 * The network of a node that has none: a bridge with addresses of its own, described in a configuration file below the
 * run root, where it is lost with the reboot that ends the bridge too.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import { defaultRunRoot } from '../storage/conf/storage-conf.ts';
import { runCommand } from '../sys/process.ts';
import { ensureMasquerade, type MasqueradedBridge, removeMasquerade } from './masquerade.ts';
import { type NetworkList, parseNetworkList } from './network-list.ts';
import { chooseSubnet, familyOf, fitsWish, usualSubnets } from './pod-subnets.ts';
import { keepAdvertisedRoutes } from './router-advertisements.ts';
import { claimSubnet, releaseSubnet, subnetClaimsDir } from './subnet-claims.ts';

export type BuiltinBridgeOptions = {
	/** Holds the configuration and the addresses that are in use. */
	readonly dir: string;
	/** At most 15 characters; {@link bridgeNameFor} the folder unless told otherwise. */
	readonly bridge?: string | undefined;
	/** In CIDR form, or `ipv4` and `ipv6` for one that the node does not know yet; the first family is the pods' primary one. */
	readonly subnets?: readonly string[] | undefined;
	/** Where runtimes say which subnets they have; {@link subnetClaimsDir} unless told otherwise. */
	readonly claimsDir?: string | undefined;
};

export type BuiltinBridge = {
	/** Chooses a subnet and writes the file, the first time. @throws Error */
	network(): NetworkList;
	owns(list: NetworkList): boolean;
	/** Rules for the way out; to be called for each pod. */
	prepare(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
	/** Removes bridge, rules and files; only where no pod is attached. Never throws. */
	tidy(): Promise<void>;
};

const networkName = 'criscope';
/** Somebody may have flushed the tables since; looking costs a few milliseconds beside the plugins. */
const trustRulesMs = 5000;
const linkTimeoutMs = 10_000;

/**
 * `criscope0` for the usual run root, a name of its own for any other: two runtimes on one bridge would give the same address
 * twice, since each keeps its own account of them, and the first to end would take the bridge from the other's pods.
 */
export function bridgeNameFor(dir: string): string {
	if (path.relative(defaultRunRoot, dir) === path.join('criscope', 'cni')) return 'criscope0';
	return `criscope-${createHash('sha256').update(path.resolve(dir)).digest('hex').slice(0, 6)}`;
}

/** Nothing is made before the first pod. */
export function createBuiltinBridge(options: BuiltinBridgeOptions, log: Log): BuiltinBridge {
	const { dir, bridge = bridgeNameFor(options.dir), subnets: wishes = usualSubnets } = options;
	const { claimsDir = subnetClaimsDir } = options;
	const file = path.join(dir, `${bridge}.conflist`);
	let list: NetworkList | undefined;
	let checkedAtMs = Number.NEGATIVE_INFINITY;
	let checking: Promise<void> | undefined;
	let keepsRoutes = false;

	function readOrMake(): NetworkList {
		// Nobody chooses the same one of IPv6 twice.
		const claim = (subnet: string) => familyOf(subnet) === 'ipv6' || claimSubnet(claimsDir, subnet, file);
		const before = readExisting();
		const isFit = before !== undefined && fits(before);
		// Claims are lost with the boot that this file may come from; another runtime may have the subnet since.
		if (isFit && subnetsOf(before).every(claim)) return before;
		if (before !== undefined && existsSync(`/sys/class/net/${bridge}`)) {
			if (!isFit && options.subnets !== undefined) {
				log('warn', 'pods of the built-in network keep its subnets until none is left', {
					bridge,
					subnets: subnetsOf(before),
					wanted: wishes,
				});
			}
			return before;
		}
		const subnets = wishes.map((wish) => chooseSubnet(wish, bridge, claim));
		// Those that were named too: whoever chooses next must not take them before their bridge is there.
		for (const subnet of subnets) claim(subnet);
		const conf = configuration({ bridge, subnets, ipamDir: path.join(dir, 'addresses'), mtu: uplinkMtu() });
		const text = `${JSON.stringify(conf, undefined, 2)}\n`;
		mkdirSync(dir, { recursive: true, mode: 0o755 });
		writeFileSync(`${file}.new`, text, { mode: 0o644 });
		renameSync(`${file}.new`, file);
		log('info', 'the node has no network configuration, pods get a bridge of ours', {
			bridge,
			subnets,
			file,
		});
		return parseNetworkList(text, 'list', networkName);
	}

	function readExisting(): NetworkList | undefined {
		try {
			return parseNetworkList(readFileSync(file, 'utf8'), 'list', networkName);
		} catch {
			// Not there yet, or cut short: then no pod can depend on it.
			return undefined;
		}
	}

	/** Left by a boot that is over, it may collide with what the node has now, or be what nobody asks for any more. */
	function fits(before: NetworkList): boolean {
		const subnets = subnetsOf(before);
		return (
			subnets.length === wishes.length &&
			wishes.every((wish, index) => fitsWish(subnets[index] ?? '', wish, bridge))
		);
	}

	async function checkRules(network: MasqueradedBridge): Promise<void> {
		try {
			await ensureMasquerade(network);
			checkedAtMs = performance.now();
		} catch (error) {
			// Pods reach the node and each other all the same.
			log('warn', 'pods cannot reach beyond this node', { bridge, error: errorMessage(error) });
		}
	}

	return {
		network() {
			list ??= readOrMake();
			return list;
		},
		owns: (other) => other === list,
		async prepare() {
			if (list === undefined || performance.now() - checkedAtMs < trustRulesMs) return;
			// Before the bridge plugin, which is started next, makes a router of the node.
			if (!keepsRoutes && subnetsOf(list).some((subnet) => familyOf(subnet) === 'ipv6')) {
				keepsRoutes = true;
				keepAdvertisedRoutes(log);
			}
			checking ??= checkRules({ bridge, subnets: subnetsOf(list) }).finally(() => {
				checking = undefined;
			});
			await checking;
		},
		async tidy() {
			const network = readExisting();
			const subnets = network === undefined ? [] : subnetsOf(network);
			try {
				if (network !== undefined) {
					await removeMasquerade({ bridge, subnets });
					await runCommand('ip', ['link', 'delete', bridge, 'type', 'bridge'], { timeoutMs: linkTimeoutMs });
				}
			} catch {
				// No pod has come.
			}
			list = undefined;
			rmSync(file, { force: true });
			for (const subnet of subnets) releaseSubnet(claimsDir, subnet, file);
			rmSync(path.join(dir, 'addresses'), { recursive: true, force: true });
		},
	};
}

function configuration(network: {
	readonly bridge: string;
	readonly subnets: readonly string[];
	readonly ipamDir: string;
	readonly mtu: number | undefined;
}) {
	return {
		cniVersion: '1.0.0',
		name: networkName,
		plugins: [
			{
				type: 'bridge',
				bridge: network.bridge,
				isGateway: true,
				// For all pods at once by masquerade.ts.
				ipMasq: false,
				hairpinMode: true,
				...(network.mtu === undefined ? {} : { mtu: network.mtu }),
				ipam: {
					type: 'host-local',
					dataDir: network.ipamDir,
					ranges: network.subnets.map((subnet) => [{ subnet }]),
					routes: network.subnets.map((subnet) => ({ dst: subnet.includes(':') ? '::/0' : '0.0.0.0/0' })),
				},
			},
		],
	};
}

function subnetsOf(list: NetworkList): readonly string[] {
	const { ranges } = list.plugins[0]['ipam'] as { ranges: readonly (readonly { subnet: string }[])[] };
	return ranges.flatMap((range) => range.map(({ subnet }) => subnet));
}

/** Larger packets than the way out takes would only be cut or lost there. */
function uplinkMtu(): number | undefined {
	try {
		const line = readFileSync('/proc/net/route', 'utf8')
			.split('\n')
			.find((route) => route.split('\t')[1] === '00000000');
		const name = line?.split('\t')[0];
		return name === undefined ? undefined : Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8'));
	} catch {
		return undefined;
	}
}
