import { formatAge } from '../../text/age.ts';
import { formatBytesCompact } from '../../text/bytes.ts';
import { formatPlural } from '../../text/numbers.ts';
import { formatRatio } from '../../text/percent.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { StateLines } from '../components/lines.tsx';
import { splitLine } from '../format/line.ts';
import type { UiState } from '../store/state.ts';
import type { Line, Span } from '../theme/tokens.ts';

/** Answers older than this are marked with their age. */
const staleMs = 8_000;

/** The lines at the top: whose node, which runtime, and whether all of this can be believed. */
export function Header({ columns, rows }: { readonly columns: number; readonly rows: number }) {
	return <StateLines linesOf={(state) => headerLines(state, columns, rows)} columns={columns} rows={rows} />;
}

function separated(parts: readonly (Line | undefined)[]): Line {
	const shown = parts.filter((part): part is Line => part !== undefined && part.length > 0);
	return shown.flatMap((part, index) =>
		index === 0 ? part : [{ text: ' · ', token: 'muted' } satisfies Span, ...part],
	);
}

/** Which lists are old while others are answered: a runtime can hang on one question only. */
function silentLists({ connection, inventory, nowMs }: UiState): string | undefined {
	const lists = (['pods', 'containers', 'images'] as const).filter((list) => connection.silent[list]);
	const [first] = lists;
	if (!first || lists.length === 3) return undefined;
	const atMs = inventory.refreshedAtMs[first];
	const age = atMs === undefined ? '' : `, as of ${formatAge(BigInt(atMs) * 1_000_000n, nowMs)} ago`;
	return `no answer for ${lists.join(' and ')}${age}`;
}

function ageLine(state: UiState): Line {
	const { connection, nowMs } = state;
	const { answeredAtMs, problem, connectivity } = connection;
	if (connectivity === 'none' && problem) return [{ text: 'no runtime', token: 'fail' }];
	if (answeredAtMs === undefined)
		return problem ? [{ text: 'not answering', token: 'fail' }] : [{ text: 'connecting', token: 'warn' }];
	const age = nowMs - answeredAtMs;
	if (!problem && age < staleMs) return [{ text: 'live', token: 'ok' }];
	const partly = age < staleMs ? silentLists(state) : undefined;
	if (partly) return [{ text: partly, token: 'fail' }];
	const text = formatAge(BigInt(answeredAtMs) * 1_000_000n, nowMs);
	return [
		{
			text: problem ? `not answering, as of ${text} ago` : `as of ${text} ago`,
			token: problem ? 'fail' : 'warn',
		},
	];
}

function conditionLine(state: UiState): Line {
	const conditions = state.connection.status?.conditions ?? [];
	return separated(
		conditions.map(({ type, status, reason, message }) =>
			status
				? [{ text: `${sanitizeLine(type)}`, token: 'ok' }]
				: [
						{ text: `${sanitizeLine(type)} NOT: `, token: 'fail', bold: true },
						{ text: sanitizeLine([reason, message].filter(Boolean).join(': ')), token: 'fail' },
					],
		),
	);
}

function hostLine({ node }: UiState): Line {
	const load: Line =
		node.load1 === undefined
			? []
			: [
					{
						text: `load ${node.load1.toFixed(1)}/${node.cpuCount}`,
						token: node.load1 > node.cpuCount * 2 ? 'warn' : undefined,
					},
				];
	const { memoryTotalBytes: total, memoryAvailableBytes: available } = node;
	const usedRatio = total && available !== undefined ? 1 - available / total : undefined;
	const memory: Line =
		usedRatio === undefined || !total
			? []
			: [
					{
						text: `mem ${Math.round(usedRatio * 100)}% of ${formatBytesCompact(total)}`,
						token: usedRatio > 0.9 ? 'fail' : undefined,
					},
				];
	return separated([load, memory]);
}

/** From here on a kubelet clears away images, and somewhat later evicts pods. Source: kubelet's imageGCHighThresholdPercent. */
const fullFrom = 0.85;
const nearlyFullFrom = 0.95;

function imageFsLine({ connection, screen }: UiState): Line {
	const used = connection.imageFs.reduce((sum, { usedBytes }) => sum + (usedBytes ?? 0n), 0n);
	if (connection.imageFs.length === 0) return [];
	const capacity = connection.imageFsCapacityBytes;
	const full = connection.imageFsFullRatio ?? 0;
	// Others fill the disk too, and it is the disk that stops everything: it is said before what images take of it.
	if (full >= fullFrom) {
		const percent = `disk ${Math.floor(full * 100)}%${screen.columns < 100 ? '' : ' full'}`;
		const token = full >= nearlyFullFrom ? 'fail' : 'warn';
		return [{ text: `images ${formatBytesCompact(used)} ` }, { text: percent, token }];
	}
	const share = capacity ? formatRatio(Number(used) / Number(capacity)) : undefined;
	const words = share && ` (${share}${screen.columns < 100 ? '' : ' of disk'})`;
	return [{ text: `images ${formatBytesCompact(used)}${words ?? ''}` }];
}

/** On a wide screen the limits of the machine are named; on any other they are counted, and the picker names them. */
const namedFromColumns = 140;

function limitsCount({ connection: { limits } }: UiState, columns: number): Line {
	if (limits.length === 0 || columns < 60 || columns >= namedFromColumns) return [];
	return [{ text: `${formatPlural(limits.length, 'limit')} `, token: 'warn' }];
}

function limitsLine({ connection: { limits } }: UiState, columns: number): Line {
	if (limits.length === 0 || columns < namedFromColumns) return [];
	return [{ text: limits.map(({ words }) => sanitizeLine(words)).join(', '), token: 'warn' }];
}

/** Whether changes are refused, or for how long they are not: who forgot `:rw` sees it here. */
function readOnlyLine({ readOnly, nowMs }: UiState): Line {
	const { enabled, liftedUntilMs } = readOnly;
	if (enabled) return [{ text: 'read-only ', token: 'warn', reverse: true }, { text: ' ' }];
	if (liftedUntilMs === undefined) return [];
	const leftMs = liftedUntilMs - nowMs;
	// Whole minutes until the last one, so that a slow line is not drawn on every second.
	const left =
		leftMs > 60_000 ? `${Math.ceil(leftMs / 60_000)}m` : `${Math.max(0, Math.ceil(leftMs / 1000))}s`;
	return [{ text: `read-write ${left} `, token: 'danger', reverse: true }, { text: ' ' }];
}

/** The header as text; one line names node and state, the second the runtime and the host's load. */
export function headerLines(state: UiState, columns: number, rows: number): readonly Line[] {
	const { node, connection } = state;
	const runtime: Line = connection.version
		? [
				{ text: sanitizeLine(connection.version.runtimeName), token: 'accent' },
				{ text: ` ${sanitizeLine(connection.version.runtimeVersion)}` },
			]
		: connection.endpoint
			? [{ text: sanitizeLine(connection.endpoint), token: 'muted' }]
			: [];
	const identity = separated([
		[{ text: sanitizeLine(node.hostname), bold: true }],
		node.machineId && columns >= 70 ? [{ text: sanitizeLine(node.machineId), token: 'muted' }] : undefined,
		node.roles.length > 0 ? [{ text: sanitizeLine(node.roles.join(',')), token: 'accent' }] : undefined,
		columns >= 60 ? runtime : undefined,
	]);
	const first = splitLine(
		identity,
		[{ text: ' ' }, ...limitsCount(state, columns), ...readOnlyLine(state), ...ageLine(state)],
		columns,
	);
	if (rows < 2) return [first];
	const second = connection.problem
		? [
				{
					text: sanitizeLine([connection.problem, connection.remedy].filter(Boolean).join(' — ')),
					token: 'fail',
				} satisfies Span,
			]
		: separated([conditionLine(state), imageFsLine(state), hostLine(state), limitsLine(state, columns)]);
	return [first, second];
}
