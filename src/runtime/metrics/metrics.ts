/** Figures of the runtime in Prometheus' text format. Source: Prometheus "Exposition formats", version 0.0.4 */
import { readdirSync } from 'node:fs';
import type { CallObserver } from '../../cri/transport/served-rpc.ts';
import { callErrorOf } from '../server/instrument.ts';

/** What is asked at each scrape. */
export type MetricsSources = {
	readonly images: () => Promise<number>;
	readonly counts: () => {
		readonly podSandboxes: ReadonlyMap<string, number>;
		readonly containers: ReadonlyMap<string, number>;
	};
	readonly connections: () => number;
};

/** Counts what happens, and writes it down when asked. */
export type Metrics = {
	/** Counts calls and passes them on. */
	readonly observe: (next: CallObserver) => CallObserver;
	/** Bytes that a pull has downloaded. */
	readonly addPulledBytes: (bytes: number) => void;
	/** Calls under way. */
	readonly callsUnderWay: () => number;
	readonly render: (sources: MetricsSources) => Promise<string>;
};

/** Upper ends of the histogram, in seconds: from a list to a pull. */
const buckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

type Histogram = { readonly counts: number[]; sum: number; count: number };

/** @param now milliseconds, for durations only */
export function createMetrics(now: () => number = () => performance.now()): Metrics {
	const startedAtSeconds = Date.now() / 1000;
	const outcomes = new Map<string, { readonly rpc: string; readonly code: string; count: number }>();
	const latencies = new Map<string, Histogram>();
	let pulledBytes = 0;
	let underWay = 0;

	function ended(rpc: string, code: string, startedMs: number): void {
		underWay -= 1;
		const outcome = outcomes.get(`${rpc} ${code}`) ?? { rpc, code, count: 0 };
		outcome.count += 1;
		outcomes.set(`${rpc} ${code}`, outcome);
		const latency = latencies.get(rpc) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 };
		const seconds = (now() - startedMs) / 1000;
		const index = buckets.findIndex((end) => seconds <= end);
		if (index >= 0) latency.counts[index] = (latency.counts[index] ?? 0) + 1;
		latency.sum += seconds;
		latency.count += 1;
		latencies.set(rpc, latency);
	}

	return {
		observe: (next) => (call) => {
			const startedMs = now();
			underWay += 1;
			const observed = next(call);
			return {
				succeeded(result) {
					ended(call.rpc, 'ok', startedMs);
					observed.succeeded(result);
				},
				failed(error) {
					ended(call.rpc, callErrorOf(error).code, startedMs);
					return observed.failed(error);
				},
			};
		},
		addPulledBytes(bytes) {
			pulledBytes += bytes;
		},
		callsUnderWay: () => underWay,
		async render(sources) {
			const images = await sources.images();
			const { podSandboxes, containers } = sources.counts();
			return [
				...metric('criscope_operations_total', 'counter', 'Calls that have ended, by RPC and outcome.', [
					...[...outcomes.values()].map(({ rpc, code, count }) => ['', { rpc, code }, count] as const),
				]),
				...metric('criscope_operation_duration_seconds', 'histogram', 'How long calls took, by RPC.', [
					...[...latencies].flatMap(([rpc, histogram]) => histogramLines(rpc, histogram)),
				]),
				...metric('criscope_operations_under_way', 'gauge', 'Calls that have not ended yet.', [
					['', {}, underWay],
				]),
				...metric('criscope_connections', 'gauge', 'Clients that are connected.', [
					['', {}, sources.connections()],
				]),
				...metric('criscope_images', 'gauge', 'Images in the store.', [['', {}, images]]),
				...metric(
					'criscope_image_pulled_bytes_total',
					'counter',
					'Bytes of layers that pulls have downloaded, once for each who asked.',
					[['', {}, pulledBytes]],
				),
				...metric(
					'criscope_pod_sandboxes',
					'gauge',
					'Pods, by state.',
					byState(podSandboxes, ['ready', 'notReady']),
				),
				...metric(
					'criscope_containers',
					'gauge',
					'Containers, by state.',
					byState(containers, ['created', 'running', 'exited']),
				),
				...metric('process_resident_memory_bytes', 'gauge', 'Memory of the runtime itself.', [
					['', {}, process.memoryUsage.rss()],
				]),
				...metric('process_open_fds', 'gauge', 'Its open file descriptors.', [['', {}, openDescriptors()]]),
				...metric('process_start_time_seconds', 'gauge', 'When it was started, since 1970.', [
					['', {}, startedAtSeconds],
				]),
				'',
			].join('\n');
		},
	};
}

type Sample = readonly [suffix: string, labels: Readonly<Record<string, string>>, value: number];

function metric(name: string, type: string, help: string, samples: readonly Sample[]): readonly string[] {
	return [
		`# HELP ${name} ${help}`,
		`# TYPE ${name} ${type}`,
		...samples.map(([suffix, labels, value]) => `${name}${suffix}${labelText(labels)} ${value}`),
	];
}

/** RPCs, codes and states: none needs more escaping. Source: label_value of the format */
function labelText(labels: Readonly<Record<string, string>>): string {
	const words = Object.entries(labels).map(
		([name, value]) => `${name}="${value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n')}"`,
	);
	return words.length === 0 ? '' : `{${words.join(',')}}`;
}

function histogramLines(rpc: string, { counts, sum, count }: Histogram): readonly Sample[] {
	let below = 0;
	const lines = buckets.map((end, index): Sample => {
		below += counts[index] ?? 0;
		return ['_bucket', { rpc, le: String(end) }, below];
	});
	return [
		...lines,
		['_bucket', { rpc, le: '+Inf' }, count],
		['_sum', { rpc }, sum],
		['_count', { rpc }, count],
	];
}

/** States that nothing is in are said as well: a series that vanishes is no zero. */
function byState(counts: ReadonlyMap<string, number>, states: readonly string[]): readonly Sample[] {
	return states.map((state) => ['', { state }, counts.get(state) ?? 0]);
}

/** Without the one that the question itself needs. */
function openDescriptors(): number {
	return readdirSync('/proc/self/fd').length - 1;
}
