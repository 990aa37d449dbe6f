import { expect, test } from 'vitest';
import { NotFoundError } from '../../../../src/cri/errors.ts';
import { createMetrics } from '../../../../src/runtime/metrics/metrics.ts';
import { startMetricsServer } from '../../../../src/runtime/metrics/metrics-server.ts';
import { callErrorOf } from '../../../../src/runtime/server/instrument.ts';

const sources = {
	images: async () => 3,
	counts: () => ({
		podSandboxes: new Map([['ready', 1]]),
		containers: new Map([
			['running', 2],
			['exited', 1],
		]),
	}),
	connections: () => 4,
};

function counted() {
	let nowMs = 0;
	const metrics = createMetrics(() => nowMs);
	const observe = metrics.observe(() => ({ succeeded: () => undefined, failed: callErrorOf }));
	const call = (rpc: string, takesMs: number, error?: Error) => {
		const observed = observe({ rpc, subject: '', changes: false });
		nowMs += takesMs;
		if (error === undefined) observed.succeeded('');
		else observed.failed(error);
	};
	return { metrics, observe, call };
}

test('calls are counted by RPC and outcome, with their times', async () => {
	const { metrics, observe, call } = counted();
	call('ListImages', 2);
	call('ListImages', 20);
	call('ListImages', 400_000, new NotFoundError('x'));
	observe({ rpc: 'PullImage', subject: '', changes: true });
	const lines = (await metrics.render(sources)).split('\n');
	expect(lines).toContain('criscope_operations_total{rpc="ListImages",code="ok"} 2');
	expect(lines).toContain('criscope_operations_total{rpc="ListImages",code="notFound"} 1');
	expect(lines).toContain('criscope_operations_under_way 1');
	const bucket = (end: string) => lines.find((line) => line.includes(`le="${end}"`));
	expect(bucket('0.001')).toMatch(/ 0$/);
	expect(bucket('0.005')).toMatch(/ 1$/);
	expect(bucket('0.025')).toMatch(/ 2$/);
	expect(bucket('300')).toMatch(/ 2$/);
	expect(bucket('+Inf')).toMatch(/ 3$/);
	expect(lines).toContain('criscope_operation_duration_seconds_count{rpc="ListImages"} 3');
});

test('a scrape tells what there is, in lines that Prometheus reads', async () => {
	const { metrics } = counted();
	metrics.addPulledBytes(1000);
	await using server = await startMetricsServer(
		{ host: '127.0.0.1', port: 0 },
		() => metrics.render(sources),
		() => undefined,
	);
	const answer = await fetch(server.url);
	expect(answer.headers.get('content-type')).toMatch('text/plain; version=0.0.4');
	const lines = (await answer.text()).trimEnd().split('\n');
	for (const line of lines) {
		expect(line).toMatch(
			/^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:\w+="[^"]*",?)+\})? -?\d+(?:\.\d+)?(?:e[+-]\d+)?)$/,
		);
	}
	expect(lines).toContain('criscope_images 3');
	expect(lines).toContain('criscope_image_pulled_bytes_total 1000');
	expect(lines).toContain('criscope_containers{state="running"} 2');
	expect(lines).toContain('criscope_containers{state="created"} 0');
	expect(lines).toContain('criscope_connections 4');
	expect((await fetch(new URL('/', server.url))).status).toBe(404);
	expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
});
