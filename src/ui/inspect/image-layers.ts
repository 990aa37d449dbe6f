import { shortId } from '../../cri/ids.ts';
import type { ImageDescription } from '../../cri/image-transfer.ts';
import type { ImageStatus } from '../../cri/model.ts';
import { formatBytes, formatBytesCompact } from '../../text/bytes.ts';
import type { ContainerRow, ImageRow, PodRow } from '../resources/rows.ts';
import type { InspectLayers } from '../store/slices/inspect.ts';
import type { Line, Span } from '../theme/tokens.ts';
import type { Document } from './document.ts';
import {
	type ComposedLayer,
	type Composition,
	compositionOf,
	compositionOfStatus,
	layersOfSteps,
} from './image-composition.ts';
import { historyText, writeUse } from './image-summary.ts';
import { clockText, momentText } from './moment.ts';
import { createSummary, type Summary, shortened } from './summary.ts';

/** What is known of an image and its layers, secrets hidden already unless the person asked for them. */
export type LayersKnowledge = {
	readonly row: ImageRow | undefined;
	readonly status: ImageStatus | undefined;
	readonly layers: InspectLayers | undefined;
	/** The lists, to give ids their names. */
	readonly images: readonly ImageRow[];
	readonly containers: readonly ContainerRow[];
	readonly pods: readonly PodRow[];
	readonly nowMs: number;
};

/** Users of the store beyond the lists that are named one by one. */
const namedUsers = 20;
/** Images that a layer's line names. */
const namedSharers = 2;

/** One runtime writes ids with their algorithm, another without. */
function bareId(id: string): string {
	return id.slice(id.indexOf(':') + 1);
}

function writeDamages(out: Summary, { damages }: ImageDescription): void {
	if (damages.length === 0) return;
	out.section('Damaged in the store');
	for (const damage of damages) out.item([{ text: damage, token: 'fail' }]);
	out.item([{ text: 'Pulling it again repairs it: P in the list of images.', token: 'muted' }]);
}

function writeImage(out: Summary, known: LayersKnowledge, made: Composition): void {
	const { row, status, layers } = known;
	const image = status?.image ?? row?.image;
	const description = layers?.description;
	const names = description?.names ?? image?.repoTags ?? [];
	out.section('Image');
	out.facts('Names', names.length > 0 ? names : ['none']);
	if (description) out.fact('Digest', description.manifestDigest);
	else out.facts('Digests', image?.repoDigests ?? []);
	out.fact('Id', description?.imageId ?? image?.id);
	out.fact('Platform', made.platform);
	out.fact('Manifest', description?.mediaType);
	out.fact('Created', momentText(made.createdAtNanos, known.nowMs));
}

function sum(layers: readonly ComposedLayer[], of: (layer: ComposedLayer) => number | undefined) {
	return layers.reduce<number | undefined>((total, layer) => {
		const bytes = of(layer);
		return total === undefined || bytes === undefined ? undefined : total + bytes;
	}, 0);
}

function writeSizes(out: Summary, known: LayersKnowledge, made: Composition): void {
	const description = known.layers?.description;
	out.section('Size');
	if (!description) {
		out.fact('Whole image', formatBytes((known.status?.image ?? known.row?.image)?.sizeBytes));
		return;
	}
	const unpacked = sum(made.layers, (layer) => layer.uncompressedBytes);
	const packed = sum(made.layers, (layer) => layer.compressedBytes);
	out.fact('Whole image', `${formatBytes(unpacked)} in the store`);
	out.fact('Compressed', packed === undefined ? undefined : `${formatBytes(packed)} at the registry`);
	const { uniqueBytes } = description;
	out.fact('Its own', `${formatBytes(uniqueBytes)}: what removing it would free`);
	if (unpacked !== undefined && unpacked > uniqueBytes) {
		out.fact('Shared', `${formatBytes(unpacked - uniqueBytes)} with other images`);
	}
}

/** Containers that the store knows and the lists do not: another program's, or a pod's own. */
function otherUsers({ layers, row, containers, pods }: LayersKnowledge): readonly Line[] {
	const listed = new Set([...(row?.usedBy ?? []), ...containers].map(({ id }) => id));
	const ids = (layers?.description?.containerIds ?? []).filter((id) => !listed.has(id));
	const lines = ids.slice(0, namedUsers).map((id): Line => {
		const pod = pods.find((candidate) => candidate.id === id);
		if (pod) {
			const { name, namespace } = pod.pod.metadata;
			return [
				{ text: `pod ${name}`, token: 'accent' },
				{ text: ` in ${namespace}, to hold it up`, token: 'muted' },
			];
		}
		return [
			{ text: shortId(id), token: 'accent' },
			{ text: ' by another program', token: 'muted' },
		];
	});
	const more = ids.length - lines.length;
	return more > 0 ? [...lines, [{ text: `and ${more} more`, token: 'muted' }]] : lines;
}

function sharersText(ids: readonly string[] | undefined, names: ReadonlyMap<string, string>): string {
	if (ids === undefined) return '?';
	const named = ids.slice(0, namedSharers).map((id) => {
		const name = names.get(bareId(id));
		return name === undefined || name === '<none>' ? shortId(id) : name;
	});
	const more = ids.length - named.length;
	return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

function cell(bytes: number | undefined, cells: number): Span {
	const text = bytes === undefined ? '?' : formatBytesCompact(bytes);
	return { text: text.padStart(cells), token: bytes === undefined ? 'muted' : undefined };
}

function writeLayers(out: Summary, known: LayersKnowledge, made: Composition): void {
	const { layers, status, images } = known;
	const count = made.layers.length;
	out.section(count === 0 ? 'Layers' : `Layers (${count}), the base first`);
	if (count === 0 && !layers?.description && !(layers && status)) {
		out.item([{ text: 'Asking the runtime.', token: 'muted' }]);
		return;
	}
	if (layers?.problem) out.item([{ text: layers.problem, token: layers.description ? 'warn' : 'muted' }]);
	if (count === 0) {
		out.item([{ text: 'The runtime does not tell which layers it is made of.', token: 'muted' }]);
		return;
	}
	const names = new Map(images.map(({ id, name }) => [bareId(id), name]));
	out.item([{ text: ' # PACKED UNPACKED LAYER         SHARED WITH', token: 'columnHeader' }]);
	for (const [index, layer] of made.layers.entries()) {
		out.item([
			{ text: `${index + 1}`.padStart(2), token: 'muted' },
			cell(layer.compressedBytes, 7),
			cell(layer.uncompressedBytes, 9),
			{ text: ` ${shortId(layer.diffId)} `, token: 'accent' },
			{ text: sharersText(layer.sharedWith, names), token: 'muted' },
		]);
	}
}

function writeHistory(out: Summary, made: Composition): void {
	const { history } = made;
	const layersOf = layersOfSteps(made);
	out.section(`History (${history.length} steps), the first first`);
	for (const [index, step] of history.entries()) {
		const layer = layersOf[index];
		const bytes = layer === undefined ? undefined : made.layers[layer]?.uncompressedBytes;
		const number = layer === undefined ? '' : `${layer + 1}`;
		const what = step.emptyLayer ? '·' : number || '+';
		const date = clockText(step.createdAtNanos)?.slice(0, 10);
		out.item([
			{ text: what.padStart(2), token: 'muted' },
			{
				text: ` ${(step.emptyLayer ? 'empty' : bytes === undefined ? '' : formatBytesCompact(bytes)).padStart(6)} `,
				token: 'muted',
			},
			...(date ? [{ text: `${date} `, token: 'muted' } as const] : []),
			{ text: shortened(historyText(step.createdBy || step.comment || '?'), 1_000) },
		]);
	}
}

function writeDigests(out: Summary, { layers }: Composition): void {
	out.section('Digests');
	for (const [index, { diffId, compressedDigest, layerId }] of layers.entries()) {
		out.fact(`Layer ${index + 1}`, diffId);
		if (compressedDigest && compressedDigest !== diffId) out.fact('  compressed', compressedDigest);
		// The base has its diff id for one.
		if (layerId && layerId !== bareId(diffId)) out.fact('  in the store', layerId);
	}
}

/** What an image is made of: damages, sizes, layers from the base up, users, history, names. Never empty for a listed one. */
export function imageLayers(known: LayersKnowledge): Document {
	const { row, status, layers } = known;
	const out = createSummary();
	if (!row && !status?.image && !layers?.description) {
		if (status) out.item([{ text: 'The runtime has no such image any more.', token: 'warn' }]);
		return out.lines();
	}
	const description = layers?.description;
	// Before the service has answered, sizes that are about to come are not shown as unknown.
	const made = description ? compositionOf(description) : compositionOfStatus(layers ? status : undefined);
	if (description) writeDamages(out, description);
	writeSizes(out, known, made);
	writeLayers(out, known, made);
	writeUse(out, known, otherUsers(known));
	writeHistory(out, made);
	writeImage(out, known, made);
	writeDigests(out, made);
	return out.lines();
}
