import type { CriClient } from '../../cri/ports.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { bringDemo, demoRemoval } from '../demo/bring-demo.ts';
import { busyboxPaths, readBusybox } from '../demo/busybox.ts';
import { demoPods } from '../demo/demo-plan.ts';
import { type DemoPodState, listDemoPods, readDemoState } from '../demo/demo-state.ts';
import { removeDemoImage, removeDemoPod } from '../demo/remove-demo.ts';
import { forEachObject } from '../failures.ts';
import { formatFlags, type OutputFormat, outputFormat } from '../output/format-flag.ts';
import { print } from '../output/print.ts';
import { printResults } from '../output/results.ts';
import { tableText } from '../output/table.ts';
import { defineVerb, type VerbContext } from '../verb.ts';

/** Rows of the containers, and where to look. */
function stateText(states: readonly DemoPodState[]): string {
	const rows = states.flatMap(({ name, containers }) =>
		containers.map((container) => [
			name,
			container.name,
			String(container.attempt),
			container.state,
			container.exitCode === undefined ? '' : String(container.exitCode),
			container.reason,
		]),
	);
	const places = states.flatMap(({ name, url }) => (url === undefined ? [] : [`${name} answers at ${url}`]));
	return [
		tableText([['POD', 'CONTAINER', 'ATTEMPT', 'STATE', 'EXIT', 'REASON'], ...rows]),
		...places.map((line) => `${sanitizeLine(line)}\n`),
		`Look at it with criscope; ${demoRemoval} takes it away.\n`,
	].join('');
}

/** Starts it, or tells of the one that is there. */
async function start(client: CriClient, busybox: Uint8Array, format: OutputFormat, context: VerbContext) {
	const options = { signal: context.signal };
	const tell = (line: string) => void context.stderr.write(`${line}\n`);
	if (!(await bringDemo(client, busybox, tell, options))) tell('The demo is there already');
	const order = demoPods.map(({ name }) => name);
	const read = await readDemoState(client, await listDemoPods(client, options), options);
	const states = read.toSorted((one, other) => order.indexOf(one.name) - order.indexOf(other.name));
	if (format === 'table') await print(context, stateText(states));
	await printResults([{ pods: states, images: demoPods.map(({ image }) => image) }], format, context);
	return 0;
}

/** Removes what there is of it, going on after a failure. @returns the exit code */
async function remove(client: CriClient, format: OutputFormat, context: VerbContext): Promise<number> {
	const options = { signal: context.signal };
	const gone: { readonly pods: string[]; readonly images: string[] } = { pods: [], images: [] };
	const deleted = async (what: string) => {
		if (format === 'table') await print(context, `Deleted: ${sanitizeLine(what)}\n`);
	};
	const pods = await listDemoPods(client, options);
	const podsCode = await forEachObject(pods, context, async (pod) => {
		await removeDemoPod(client, pod, options);
		gone.pods.push(pod.id);
		await deleted(`pod ${pod.metadata.name}`);
	});
	const images = demoPods.map(({ image }) => image);
	const imagesCode = await forEachObject(images, context, async (name) => {
		if (!(await removeDemoImage(client, name, options))) return;
		gone.images.push(name);
		await deleted(`image ${name}`);
	});
	if (pods.length + gone.images.length === 0) context.stderr.write('No demo to remove\n');
	await printResults([gone], format, context);
	return Math.max(podsCode, imagesCode);
}

/** `criscope demo` */
export const demoVerb = defineVerb({
	name: 'demo',
	aliases: [],
	summary: 'Start a handful of pods to look at, or remove them',
	operands: { least: 0, most: 0, words: '' },
	flags: {
		remove: { kind: 'switch', help: 'remove its pods, images and logs, and nothing else' },
		...formatFlags,
	},
	notes: `Small images are made of this host's own static busybox, without network: a web server on a port of 127.0.0.1, a
logger, a program that crashes, one that takes too much memory, and one that finishes. Twice is harmless.`,
	async run({ flags }, context) {
		const format = outputFormat(flags, 'table');
		if (flags.remove) return remove(await context.connect(), format, context);
		// Before a runtime is looked for, or started: without it there is nothing to run.
		const { bytes } = await readBusybox(busyboxPaths, { signal: context.signal });
		return start(await context.connect(), bytes, format, context);
	},
});
