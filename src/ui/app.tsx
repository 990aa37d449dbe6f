import { Box } from 'ink';
import type { ReactNode } from 'react';
import { useUi } from './hooks/use-ui.ts';
import { footerRows, layoutOf, type PaneBox } from './store/layout.ts';
import type { OverlayKind } from './store/slices/overlays.ts';
import { Dialog } from './views/dialog.tsx';
import { Footer } from './views/footer.tsx';
import { Forwards } from './views/forwards.tsx';
import { Header } from './views/header.tsx';
import { Help } from './views/help.tsx';
import { Inspect } from './views/inspect.tsx';
import { LiftDialog } from './views/lift-dialog.tsx';
import { Logs } from './views/logs.tsx';
import { Palette } from './views/palette.tsx';
import { Columns, Picker } from './views/picker.tsx';
import { Pulls } from './views/pulls.tsx';
import { ResourceList } from './views/resource-list.tsx';
import { Shell } from './views/shell.tsx';
import { Tabs } from './views/tabs.tsx';

type Size = { readonly columns: number; readonly rows: number };

/** Overlays that take the whole body, one line each. */
const overlays: Partial<Readonly<Record<OverlayKind, (size: Size) => ReactNode>>> = {
	help: Help,
	palette: Palette,
	picker: Picker,
	columns: Columns,
	inspect: Inspect,
	pulls: Pulls,
	shell: Shell,
	forwards: Forwards,
};

function Pane({ box }: { readonly box: PaneBox }) {
	if (box.pane === 'logs') return <Logs box={box} />;
	return <ResourceList list={box.pane} box={box} />;
}

/** The frame: header, body, footer. It owns no data and knows no object. */
export function App() {
	const screen = useUi((state) => state.screen);
	const overlay = useUi((state) => state.overlays.stack.at(-1));
	const layout = layoutOf(screen);
	const Overlay = overlay && overlays[overlay];
	const zoomed = useUi((state) => state.shell.zoomed) && overlay === 'shell';
	if (zoomed) return <Shell columns={screen.columns} rows={screen.rows} />;
	const split = layout.kind === 'split' && layout.boxes.length > 1;
	return (
		<Box flexDirection="column" width={screen.columns} height={screen.rows}>
			<Header columns={screen.columns} rows={layout.headerRows} />
			{Overlay ? (
				<Overlay columns={screen.columns} rows={layout.bodyRows} />
			) : (
				<Box flexDirection={split ? 'row' : 'column'} height={layout.bodyRows}>
					{layout.boxes[0] && layout.boxes[0].row > layout.headerRows && <Tabs columns={screen.columns} />}
					{split ? (
						<>
							<Box flexDirection="column" marginRight={1}>
								{layout.boxes.slice(0, -1).map((box) => (
									<Pane key={box.pane} box={box} />
								))}
							</Box>
							{layout.boxes.slice(-1).map((box) => (
								<Pane key={box.pane} box={box} />
							))}
						</>
					) : (
						layout.boxes.map((box) => <Pane key={box.pane} box={box} />)
					)}
				</Box>
			)}
			{overlay === 'dialog' && (
				<Dialog columns={screen.columns} rows={layout.bodyRows} top={layout.headerRows} />
			)}
			{overlay === 'lift' && (
				<LiftDialog columns={screen.columns} rows={layout.bodyRows} top={layout.headerRows} />
			)}
			{footerRows > 0 && <Footer columns={screen.columns} />}
		</Box>
	);
}
