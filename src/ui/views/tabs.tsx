import { Lines } from '../components/lines.tsx';
import { useUi } from '../hooks/use-ui.ts';
import { paneIds } from '../store/state.ts';
import type { Span } from '../theme/tokens.ts';

/** Names of the panes on a screen that has room for one of them only. */
export function Tabs({ columns }: { readonly columns: number }) {
	const focus = useUi((state) => state.screen.focus);
	const spans = paneIds.flatMap((pane, index): readonly Span[] => [
		{ text: `${index + 1} `, token: 'key' },
		{ text: `${pane}`, token: pane === focus ? 'titleFocused' : 'muted', underline: pane === focus },
		{ text: '  ' },
	]);
	return <Lines lines={[spans]} columns={columns} rows={1} />;
}
