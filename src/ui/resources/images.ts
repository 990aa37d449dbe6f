import { shortId } from '../../cri/ids.ts';
import { formatBytesCompact } from '../../text/bytes.ts';
import { imageCell, matched, plain } from './cells.ts';
import { imageRows } from './image-rows.ts';
import type { Column, Resource } from './resource.ts';
import type { ImageRow } from './rows.ts';

function digestOf(row: ImageRow): string {
	return row.image.repoDigests[0]?.split('@')[1] ?? '';
}

function usersText(row: ImageRow): string {
	const running = row.runningCount;
	if (!row.containersKnown) return '?';
	if (row.usedBy.length === 0) return 'unused';
	return running === row.usedBy.length ? `${running}` : `${running} of ${row.usedBy.length}`;
}

const columns: readonly Column<ImageRow>[] = [
	{
		id: 'tag',
		title: 'TAG',
		minCells: 30,
		maxCells: 80,
		keep: 100,
		field: 'tag',
		cell: (row, { ranges, widthCells }) =>
			imageCell(row.name, ranges, widthCells, row.departed ? 'muted' : undefined),
		sortKey: (row) => row.name,
	},
	{
		id: 'size',
		title: 'SIZE',
		minCells: 6,
		maxCells: 6,
		keep: 90,
		align: 'right',
		cell: (row) => plain(formatBytesCompact(row.image.sizeBytes)),
		sortKey: (row) => row.image.sizeBytes,
		biggestFirst: true,
	},
	{
		id: 'usedBy',
		title: 'USED BY',
		minCells: 7,
		maxCells: 10,
		keep: 85,
		align: 'right',
		cell: (row) => plain(usersText(row), row.usedBy.length === 0 ? 'muted' : undefined),
		sortKey: (row) => row.usedBy.length,
		biggestFirst: true,
	},
	{
		id: 'pinned',
		title: 'PINNED',
		minCells: 6,
		maxCells: 6,
		keep: 60,
		cell: (row) => plain(row.image.pinned ? 'pinned' : '', 'accent'),
		sortKey: (row) => (row.image.pinned ? 0 : 1),
	},
	{
		id: 'digest',
		title: 'DIGEST',
		minCells: 19,
		maxCells: 71,
		keep: 50,
		field: 'digest',
		cell: (row, { ranges }) => matched(digestOf(row), ranges, 'muted'),
		sortKey: digestOf,
	},
	{
		id: 'id',
		title: 'ID',
		minCells: 13,
		maxCells: 13,
		keep: 40,
		cell: (row) => matched(shortId(row.id), [], 'muted'),
		sortKey: (row) => row.id,
	},
];

/** Images in the runtime's store. */
export const imagesResource: Resource<ImageRow> = {
	list: 'images',
	title: 'Images',
	noun: 'image',
	columns,
	rows: imageRows,
	searchFields: (row) => [
		{ name: 'tag', text: row.name },
		{ name: 'digest', text: digestOf(row), kind: 'digest' },
		{ name: 'id', text: row.id, kind: 'id' },
		{ name: 'otherTags', text: row.image.repoTags.slice(1).join(' '), weight: 0.9 },
		{ name: 'usedBy', text: row.usedBy.map(({ name }) => name).join(' '), weight: 0.6 },
	],
	emptyText: (state) =>
		state.inventory.refreshedAtMs.images === undefined
			? 'Waiting for the runtime to list its images.'
			: 'The store holds no images. P pulls one.',
};
