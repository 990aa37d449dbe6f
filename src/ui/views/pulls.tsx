import { Lines } from '../components/lines.tsx';
import { useUi } from '../hooks/use-ui.ts';
import { pullsLines } from './pulls-text.ts';

/** Pulls and changes, running and ended. */
export function Pulls(size: { readonly columns: number; readonly rows: number }) {
	const state = useUi((all) => all);
	return <Lines lines={pullsLines(state, size)} {...size} />;
}
