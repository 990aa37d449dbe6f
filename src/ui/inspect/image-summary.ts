import type { ImageStatus } from '../../cri/model.ts';
import { formatBytes } from '../../text/bytes.ts';
import { healthToken } from '../resources/cells.ts';
import { type ImageRow, namespaceOf, podNameOf } from '../resources/rows.ts';
import type { Line } from '../theme/tokens.ts';
import type { Document } from './document.ts';
import { commandText, listAt, objectAt, textAt, textMapAt, textsAt, verboseObject } from './field.ts';
import { momentText } from './moment.ts';
import { createSummary, type Summary } from './summary.ts';

/** What is known about an image, secrets hidden already unless the person asked for them. */
export type ImageKnowledge = {
	readonly row: ImageRow | undefined;
	readonly status: ImageStatus | undefined;
	readonly nowMs: number;
};

/** What made a step of an image's history, without the shell that builders put before it. */
export function historyText(madeBy: string): string {
	return madeBy.replace(/^\/bin\/sh -c (?:#\(nop\) +)?/u, '').replaceAll(/\s+/gu, ' ');
}

/** A moment as images write it; undefined where it is none. */
export function nanosOf(time: string | undefined): bigint | undefined {
	const ms = time === undefined ? Number.NaN : Date.parse(time);
	return Number.isNaN(ms) ? undefined : BigInt(ms) * 1_000_000n;
}

/**
 * Who would miss it: the first question about any image on a full disk.
 * @param others users that the lists do not know, one line each.
 */
export function writeUse(
	out: Summary,
	{ row, status }: Pick<ImageKnowledge, 'row' | 'status'>,
	others: readonly Line[] = [],
): void {
	out.section('Used by');
	const users = row?.usedBy ?? [];
	for (const user of users) {
		out.item([
			{ text: `${user.name} `, token: 'accent' },
			{ text: user.stateText, token: healthToken[user.health] },
			{ text: `, pod ${podNameOf(user)} in ${namespaceOf(user)}`, token: 'muted' },
		]);
	}
	for (const other of others) out.item(other);
	const pinned = status?.image?.pinned ?? row?.image.pinned;
	if (row && !row.containersKnown) {
		out.item([{ text: 'Not known: the runtime listed no containers yet.', token: 'warn' }]);
	} else if (users.length + others.length === 0) {
		out.item([
			{ text: pinned ? 'No container, but it is pinned.' : 'No container of this node.', token: 'muted' },
		]);
	}
	if (row?.departed) out.item([{ text: 'The runtime no longer lists it.', token: 'warn' }]);
}

function writeConfig(out: Summary, spec: Readonly<Record<string, unknown>> | undefined): void {
	const config = objectAt(spec, 'config');
	out.section('What it runs');
	out.fact('Entrypoint', commandText(textsAt(config, 'Entrypoint')));
	out.fact('Command', commandText(textsAt(config, 'Cmd')));
	out.fact('Working dir', textAt(config, 'WorkingDir'));
	out.fact('User', textAt(config, 'User'));
	out.fact('Ports', Object.keys(objectAt(config, 'ExposedPorts') ?? {}).join(' '));
	out.fact('Volumes', Object.keys(objectAt(config, 'Volumes') ?? {}).join(' '));
	out.fact('Stop signal', textAt(config, 'StopSignal'));
	const platform = [textAt(spec, 'os'), textAt(spec, 'architecture'), textAt(spec, 'variant')];
	out.fact('Platform', platform.filter(Boolean).join('/'));
	out.section('Environment');
	out.entries(
		textsAt(config, 'Env').map((item) => {
			const sign = item.indexOf('=');
			return sign < 0 ? ([item, ''] as const) : ([item.slice(0, sign), item.slice(sign + 1)] as const);
		}),
	);
	out.section('Labels');
	out.entries(textMapAt(config, 'Labels'));
}

function writeLayers(out: Summary, spec: Readonly<Record<string, unknown>> | undefined): void {
	const diffIds = textsAt(objectAt(spec, 'rootfs'), 'diff_ids');
	out.section(`Layers (${diffIds.length}), the lowest first`);
	for (const id of diffIds) out.item(id);
	const history = listAt(spec, 'history').map((item) => objectAt(item));
	out.section(`History (${history.length} steps), the first first`);
	for (const step of history) {
		const made = textAt(step, 'created_by') ?? textAt(step, 'comment') ?? '?';
		out.item([
			{ text: step?.['empty_layer'] === true ? '· ' : '+ ', token: 'muted' },
			{ text: historyText(made) },
		]);
	}
}

/** The human summary of an image: names, who uses it, what it runs, how it was made. */
export function imageSummary(known: ImageKnowledge): Document {
	const { row, status, nowMs } = known;
	const out = createSummary();
	const image = status?.image ?? row?.image;
	if (status && !status.image) out.item([{ text: 'The runtime has no such image any more.', token: 'warn' }]);
	if (!image) return out.lines();
	const info = verboseObject(status?.info);
	const spec = objectAt(info, 'imageSpec');
	out.section('Image');
	out.facts('Tags', image.repoTags.length > 0 ? image.repoTags : ['none']);
	out.facts('Digests', image.repoDigests);
	out.fact('Id', image.id);
	out.fact('Size', `${formatBytes(image.sizeBytes)} (${image.sizeBytes} bytes)`);
	out.fact('Created', momentText(nanosOf(textAt(spec, 'created')), nowMs));
	out.fact('Author', textAt(spec, 'author'));
	out.fact('User', image.username || (image.uid === undefined ? undefined : `${image.uid}`));
	out.fact('Pinned', image.pinned ? 'yes: it is never removed to free space' : 'no');
	out.fact('Handler', image.spec?.runtimeHandler || undefined);
	writeUse(out, known);
	writeConfig(out, spec);
	writeLayers(out, spec);
	// CRI-O answers with the labels beside the configuration, older versions with nothing else.
	if (!objectAt(spec, 'config')) {
		out.section('Labels');
		out.entries(textMapAt(info, 'labels'));
	}
	out.section('Annotations');
	out.entries(image.spec?.annotations ?? {});
	out.section('Store');
	out.fact('Chain id', textAt(info, 'chainID'));
	return out.lines();
}
