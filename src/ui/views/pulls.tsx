import { StateLines } from '../components/lines.tsx';
import { pullsLines } from './pulls-text.ts';

/** Pulls and changes, running and ended. */
export function Pulls(size: { readonly columns: number; readonly rows: number }) {
	return <StateLines linesOf={(state) => pullsLines(state, size)} {...size} />;
}
