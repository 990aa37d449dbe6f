import { formatBytesCompact } from '../../text/bytes.ts';
import { sanitizeLine } from '../../text/sanitize.ts';
import { padCells, truncateCells } from '../../text/width.ts';
import { wrapWords } from '../../text/wrap-words.ts';
import { StateLines } from '../components/lines.tsx';
import { fitLine, selectedLine } from '../format/line.ts';
import { paneTitle } from '../format/pane-title.ts';
import type { PortForward } from '../store/slices/forwards.ts';
import type { UiState } from '../store/state.ts';
import type { Line, Span } from '../theme/tokens.ts';

type Size = { readonly columns: number; readonly rows: number };

/** The port-forwards of this inspector. */
export function Forwards(size: Size) {
	return <StateLines linesOf={(state) => forwardsLines(state, size)} {...size} />;
}

/** The list as text: a title, column heads, one row a forward. */
export function forwardsLines(state: UiState, { columns, rows }: Size): readonly Line[] {
	const { open } = state.forwards;
	const { cursor } = state.overlays;
	const title = paneTitle({
		label: '',
		title: [{ text: `Port-forwards (${open.length})`, token: 'titleFocused' }],
		remarks: [{ text: 'x closes · c copies · Esc goes back', token: 'muted' }],
		focused: true,
		columns,
	});
	if (open.length === 0) {
		return [title, [{ text: '  None is open. F on a pod forwards its ports to this host.', token: 'muted' }]];
	}
	const localCells = Math.min(28, Math.max(13, ...open.map(({ local }) => local.length)));
	const podCells = Math.min(36, Math.max(12, columns - localCells - 44));
	const heads = [
		padCells(' LOCAL', localCells + 2),
		padCells('POD', podCells + 1),
		' PORT  CONNS  SENT  RECV  STATE',
	].join('');
	const lines = open.map((forward) => row(forward, localCells, podCells));
	// What went wrong with the selected one is told whole, at the foot.
	const problem = open[cursor]?.problem;
	const foot: readonly Line[] = problem
		? [[], ...wrapWords(` ${sanitizeLine(problem)}`, columns).map((text): Line => [{ text, token: 'fail' }])]
		: [];
	const room = Math.max(1, rows - 2 - foot.length);
	const first = Math.max(0, cursor - room + 1);
	return [
		title,
		[{ text: heads, token: 'columnHeader' }],
		...lines
			.map((line, index) => (index === cursor ? selectedLine(fitLine(line, columns)) : line))
			.slice(first, first + room),
		...foot,
	];
}

function row(forward: PortForward, localCells: number, podCells: number): Line {
	const { traffic } = forward;
	const connections = `${traffic.openConnections}/${traffic.totalConnections}`;
	return [
		{ text: ` ${padCells(truncateCells(sanitizeLine(forward.local), localCells), localCells)} ` },
		{
			text: `${padCells(truncateCells(sanitizeLine(forward.podName), podCells, { from: 'middle' }), podCells)} `,
		},
		{ text: `${padCells(String(forward.remotePort), 5, 'right')} ` },
		{ text: `${padCells(connections, 6, 'right')} ` },
		{ text: `${padCells(formatBytesCompact(traffic.sentBytes), 5, 'right')} `, token: 'muted' },
		{ text: `${padCells(formatBytesCompact(traffic.receivedBytes), 5, 'right')}  `, token: 'muted' },
		stateSpan(forward),
	];
}

function stateSpan({ phase, problem }: PortForward): Span {
	switch (phase.kind) {
		case 'opening':
			return { text: 'opening', token: 'muted' };
		case 'listening':
			return problem ? { text: 'last failed', token: 'fail' } : { text: 'listening', token: 'ok' };
		case 'ended':
			return { text: `ended: ${sanitizeLine(phase.text)}`, token: 'warn' };
	}
}
