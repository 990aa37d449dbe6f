/** How much of a resource must stay free before the kubelet evicts pods. */
export type EvictionThreshold = {
	/** The kubelet's name for the resource: `memory.available`, `nodefs.available`, `imagefs.inodesFree` … */
	readonly signal: string;
	readonly value:
		| { readonly kind: 'bytes'; readonly bytes: number }
		| { readonly kind: 'percent'; readonly percent: number };
	/** True when the configuration names no thresholds, so that the kubelet's built-in ones hold. */
	readonly isDefault: boolean;
};

/** The part of a KubeletConfiguration that explains what happens on this host. */
export type KubeletSettings = {
	readonly containerLogMaxSizeBytes: number;
	readonly containerLogMaxFiles: number;
	readonly evictionHard: readonly EvictionThreshold[];
	readonly staticPodPath: string | undefined;
	readonly runtimeEndpoint: string | undefined;
};

const mebibyte = 1 << 20;

/** Source: KubeletConfiguration v1beta1, defaults for Linux. */
const defaultThresholds: readonly EvictionThreshold[] = [
	{ signal: 'memory.available', value: { kind: 'bytes', bytes: 100 * mebibyte }, isDefault: true },
	{ signal: 'nodefs.available', value: { kind: 'percent', percent: 10 }, isDefault: true },
	{ signal: 'nodefs.inodesFree', value: { kind: 'percent', percent: 5 }, isDefault: true },
	{ signal: 'imagefs.available', value: { kind: 'percent', percent: 15 }, isDefault: true },
	{ signal: 'imagefs.inodesFree', value: { kind: 'percent', percent: 5 }, isDefault: true },
];

/**
 * Parses the text of a KubeletConfiguration, YAML or JSON. A malformed file, or a value of the wrong kind, counts as
 * silent: the defaults stand in, since the kubelet that runs was not started from it.
 */
export async function parseKubeletSettings(text: string): Promise<KubeletSettings> {
	let document: unknown;
	try {
		// Loaded late: most starts of the program find no kubelet and should not pay for a YAML parser.
		if (text.trim() !== '') document = (await import('yaml')).parse(text);
	} catch {
		document = undefined;
	}
	const field = (name: string): unknown =>
		typeof document === 'object' && document !== null
			? (document as Record<string, unknown>)[name]
			: undefined;
	const string = (name: string) => {
		const value = field(name);
		return typeof value === 'string' && value !== '' ? value : undefined;
	};
	const files = field('containerLogMaxFiles');
	return {
		containerLogMaxSizeBytes: parseQuantity(String(field('containerLogMaxSize') ?? '')) ?? 10 * mebibyte,
		containerLogMaxFiles: typeof files === 'number' && files > 0 ? files : 5,
		evictionHard: thresholds(field('evictionHard')),
		staticPodPath: string('staticPodPath'),
		runtimeEndpoint: string('containerRuntimeEndpoint'),
	};
}

/**
 * Parses a Kubernetes quantity of bytes: `10Mi`, `1.5Gi`, `500M`, `1e6`. Absent when it is none.
 * Source: k8s.io/apimachinery resource.Quantity.
 */
export function parseQuantity(text: string): number | undefined {
	const match = /^(\d+(?:\.\d*)?|\.\d+)(?:([eE][+-]?\d+)|([KMGTPE]i|[kMGTPEm]))?$/.exec(text.trim());
	if (match?.[1] === undefined) return undefined;
	const suffix = match[3];
	const number = Number(match[1] + (match[2] ?? ''));
	if (suffix === undefined) return number;
	if (suffix === 'm') return number / 1000;
	const power = 'KMGTPE'.indexOf(suffix[0]?.toUpperCase() ?? '') + 1;
	return number * (suffix.endsWith('i') ? 1024 : 1000) ** power;
}

/** Thresholds that are configured replace the built-in ones as a whole, as the kubelet itself does. */
function thresholds(configured: unknown): readonly EvictionThreshold[] {
	if (typeof configured !== 'object' || configured === null) return defaultThresholds;
	return Object.entries(configured).flatMap(([signal, raw]): readonly EvictionThreshold[] => {
		const text = String(raw).trim();
		if (/^\d+(\.\d+)?%$/.test(text)) {
			return [{ signal, value: { kind: 'percent', percent: Number.parseFloat(text) }, isDefault: false }];
		}
		const bytes = parseQuantity(text);
		return bytes === undefined ? [] : [{ signal, value: { kind: 'bytes', bytes }, isDefault: false }];
	});
}
