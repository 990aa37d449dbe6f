import { type BodyPlace, MiddleBox } from '../components/middle-box.tsx';
import { useUi } from '../hooks/use-ui.ts';
import { dialogLines } from './dialog-text.ts';

/** The confirmation in the middle of the body, over the panes: what is asked about stays in sight. */
export function Dialog(place: BodyPlace) {
	const state = useUi((all) => all);
	return <MiddleBox {...place} lines={dialogLines(state, place)} />;
}
