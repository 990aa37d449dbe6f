/**
 * Pulls an image of 300 MB and 15,000 files, and one of 50 small layers, from one docker-registry: criscope serve, podman
 * and containerd in turns, each into a store that has nothing of it. Prints medians of wall time, CPU time and peak memory,
 * and their ratios to the faster of the two peers (goal: 1) and to 200 MiB.
 *
 * Each run has an image of its own, and nothing is deleted before the last: an ext4 without a journal looks at every inode
 * that was deleted in the last minutes whenever it makes a file, and then measures nothing else. Five runs take 8 GB of disk.
 *
 * `npm run bench -- pull -- [runs] [name of one image]`
 */
import { execFileSync } from 'node:child_process';
import { bigImage, manyLayersImage } from '../test/helpers/stock-images.ts';
import { report } from './harness/program.ts';
import { type PullCost, type Puller, startPullers } from './harness/pullers.ts';

const runs = Number(process.argv[2] ?? 5);
const wanted = process.argv[3] ?? '';
const memoryGoalMiB = 200;

const images = {
	'300 MB in 15,000 files': bigImage,
	'50 small layers': manyLayersImage,
};

await using stage = await startPullers();
for (const [title, build] of Object.entries(images)) {
	if (!title.includes(wanted)) continue;
	const repository = `bench/${title.replaceAll(/[^a-z0-9]+/gi, '-').toLowerCase()}`;
	const costs = new Map<Puller, PullCost[]>(stage.pullers.map((puller) => [puller, []]));
	for (let run = 0; run < runs; run += 1) {
		const tag = String(run + 1);
		await stage.registry.push(repository, tag, build({ compression: 'gzip', mediaTypes: 'docker' }, run + 1));
		const image = `${stage.registry.host}/${repository}:${tag}`;
		// Another one begins each time, and another one comes before each: what one leaves to do hits all of them alike.
		const turn = stage.pullers.map(
			(_, index) => stage.pullers[(run + index) % stage.pullers.length] as Puller,
		);
		if (run % 2 === 1) turn.reverse();
		for (const puller of turn) {
			execFileSync('sync');
			costs.get(puller)?.push(await puller.pull(image));
		}
	}
	console.log(`\n${title}, ${runs} runs each, medians`);
	print(costs);
}

function print(costs: ReadonlyMap<Puller, readonly PullCost[]>): void {
	const of = (name: string, field: keyof PullCost): number => {
		const puller = stage.pullers.find((one) => one.name === name) as Puller;
		return median((costs.get(puller) ?? []).map((cost) => cost[field]));
	};
	for (const { name } of stage.pullers) {
		const figures = [
			`${of(name, 'wallSeconds').toFixed(2)} s`,
			`CPU ${of(name, 'cpuSeconds').toFixed(2)} s`,
			`peak ${of(name, 'peakMiB').toFixed(0)} MiB`,
		];
		console.log(`${name.padEnd(10)} ${figures.join(', ')}`);
	}
	const faster = of('podman', 'wallSeconds') < of('containerd', 'wallSeconds') ? 'podman' : 'containerd';
	for (const [what, field, unit] of [
		['wall time', 'wallSeconds', 's'],
		['CPU time', 'cpuSeconds', 's'],
	] as const) {
		for (const peer of ['podman', 'containerd']) {
			const name = peer === faster ? `${peer}, the faster` : peer;
			report(`criscope, ${what}`, of('criscope', field), unit, { name, value: of(peer, field) });
		}
	}
	report('criscope, peak memory', of('criscope', 'peakMiB'), 'MiB', {
		name: 'the goal',
		value: memoryGoalMiB,
	});
}

function median(values: readonly number[]): number {
	return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}
