import { expect, test } from 'vitest';
import type { ImageDescription } from '../../../../src/cri/image-transfer.ts';
import type { ImageStatus } from '../../../../src/cri/model.ts';
import { documentText } from '../../../../src/ui/inspect/document.ts';
import { imageLayers } from '../../../../src/ui/inspect/image-layers.ts';
import { containerRows } from '../../../../src/ui/resources/container-rows.ts';
import { imageRows } from '../../../../src/ui/resources/image-rows.ts';
import { podRows } from '../../../../src/ui/resources/pod-rows.ts';
import type { InspectLayers } from '../../../../src/ui/store/slices/inspect.ts';
import { applied, container, emptyState, event, image, nowMs, pod, refreshed } from '../fixtures.ts';
import { description, digest } from '../transfer-fixtures.ts';

const web = pod('web');
const app = container('web', 'app');
const state = applied(
	emptyState(),
	...refreshed([web], [app]),
	event('inventory', {
		kind: 'imagesRefreshed',
		images: [image('nginx:1.27', { id: 'img-1' }), image('base:1', { id: 'sha256:other' })],
		atMs: nowMs,
	}),
);
const row = imageRows(state).find(({ id }) => id === 'img-1');

function shown(
	layers: InspectLayers | undefined,
	status?: ImageStatus,
	known: { readonly listed?: boolean } = {},
): string {
	return documentText(
		imageLayers({
			row: known.listed === false ? undefined : row,
			status,
			layers,
			images: imageRows(state),
			containers: containerRows(state),
			pods: podRows(state),
			nowMs,
		}),
	);
}

function described(more: Partial<ImageDescription> = {}): string {
	return shown({ description: description('img-1', more), problem: undefined });
}

test('layers from the base up, with sizes and the names of who shares them', () => {
	const text = described();
	expect(text).toContain('Layers (3), the base first');
	expect(text).toMatch(/ 1 +25M +74M 0101010101010 base:1, unlisted-0123 and 2 more\n/);
	expect(text).toMatch(/ 3 +171B +512B 0303030303030 *\n/);
	expect(text).toContain(
		`Layer 2        ${digest(2)}\n    compressed   ${digest(52)}\n    in the store ${digest(102).slice(7)}\n`,
	);
});

test('totals, and what removing it would free', () => {
	const text = described();
	expect(text).toMatch(/Whole image +86 MiB in the store/);
	expect(text).toMatch(/Compressed +29 MiB at the registry/);
	expect(text).toMatch(/Its own +11 MiB: what removing it would free/);
	expect(text).toMatch(/Shared +74 MiB with other images/);
	expect(text).toMatch(/Platform +linux\/amd64/);
	expect(text).toMatch(/Digest +sha256:c8c8/);
});

test('history: steps with their layers, empty ones marked, harmless', () => {
	const text = described();
	expect(text).toMatch(/ 1 +74M 2025-06-15 ADD file:8eef in \/ *\n/);
	expect(text).toMatch(/ · +empty 2025-06-15 ENV API_PASSWORD=/);
	expect(text).toMatch(/ 2 +11M 2025-06-15 RUN apt-get update && apt-get install -y nginx\n/);
	expect(text).toContain('COPY ␛[2J entrypoint.sh /');
	const squashed = described({ layers: description('img-1').layers.slice(0, 1) });
	expect(squashed).toMatch(/ \+ +2025-06-15 ADD file/);
});

test('who uses it: by name, by pod, and by another program', () => {
	const text = described({ containerIds: [app.id, web.id, 'f'.repeat(64)] });
	expect(text).toMatch(/app Running, pod web in default/);
	expect(text.match(/app Running/g)).toHaveLength(1);
	expect(text).toContain('pod web in default, to hold it up');
	expect(text).toContain(`${'f'.repeat(13)} by another program`);
	const many = Array.from({ length: 30 }, (_, at) => `${at}`.padStart(64, 'e'));
	expect(described({ containerIds: many })).toContain('and 10 more');
});

test('damages come first', () => {
	const text = described({ damages: ['layer 2: the link file is empty'] });
	expect(text).toMatch(
		/^Damaged in the store\n {2}layer 2: the link file is empty\n.*repairs it: P in the list/,
	);
	expect(described()).not.toContain('Damaged');
});

const spec = {
	os: 'linux',
	architecture: 'arm64',
	rootfs: { diff_ids: [digest(1), digest(2)] },
	history: [
		{ created: '2025-06-15T15:06:40Z', created_by: 'ADD rootfs.tar /' },
		{ created_by: 'ENV A=b', empty_layer: true },
		{ comment: 'imported' },
	],
};
const status: ImageStatus = {
	image: image('nginx:1.27', { id: 'img-1' }),
	info: { info: JSON.stringify({ imageSpec: spec }) },
};

test('without the service: what the verbose answer tells, sizes as ? with one line that says why', () => {
	const text = shown(
		{ description: undefined, problem: 'Sizes are not known: the CRI has no words.' },
		status,
	);
	expect(text.match(/Sizes are not known/g)).toHaveLength(1);
	expect(text).toMatch(/ 1 +\? +\? 0101010101010 \?\n/);
	expect(text).toMatch(/ 1 +2025-06-15 ADD rootfs\.tar/);
	expect(text).toMatch(/ · +empty ENV A=b/);
	expect(text).toMatch(/ 2 +imported/);
	expect(text).toMatch(/Whole image +977 KiB/);
	expect(text).toMatch(/Platform +linux\/arm64/);
});

test('never empty: before any answer, and where nothing is told', () => {
	const waiting = shown(undefined);
	expect(waiting).toContain('Asking the runtime.');
	expect(waiting).toMatch(/Names +nginx:1\.27/);
	// Sizes that are about to come are not shown as unknown first.
	expect(shown(undefined, status)).not.toContain('?');
	const nothing = shown({ description: undefined, problem: 'Why.' }, { image: status.image, info: {} });
	expect(nothing).toContain('does not tell which layers');
	const gone = shown(undefined, { image: undefined, info: {} }, { listed: false });
	expect(gone).toContain('no such image any more');
});
