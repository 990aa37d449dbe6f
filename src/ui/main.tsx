/**
 * The inspector put together: terminal, store, effects, keys, screen. Ink lays the components out; every frame
 * goes to the painter, which alone writes on the terminal.
 */
import { render } from 'ink';
import { detectCapabilities } from '../text/terminal-capabilities.ts';
import { App } from './app.tsx';
import { commands } from './commands/index.ts';
import { createSurfaces } from './components/surfaces.ts';
import type { Config } from './config/config.ts';
import { createConnection, type RuntimeAccess } from './effects/connection-effects.ts';
import type { DemoAccess } from './effects/demo-step.ts';
import type { EffectHost } from './effects/effect-host.ts';
import type { AppEffects, Effects } from './effects/effects.ts';
import { createKeyQuiet } from './effects/key-quiet.ts';
import { startNodeFacts } from './effects/node-facts.ts';
import { createSearchWarmer } from './effects/search-warmer.ts';
import { UiProvider } from './hooks/use-ui.ts';
import { createHostedEffects } from './hosted-effects.ts';
import { createInputHandler } from './keys/handle-input.ts';
import { createKeymap } from './keys/keymap.ts';
import { mouseAction } from './keys/mouse.ts';
import { initialState } from './store/initial.ts';
import type { ReadOnly } from './store/slices/read-only.ts';
import { createStore } from './store/store.ts';
import { createFrameStream } from './terminal/frame-stream.ts';
import { createScreenPainter } from './terminal/screen-painter.ts';
import { openTerminal } from './terminal/terminal.ts';
import { type ThemeName, themes } from './theme/themes.ts';
import { cursorPosition } from './views/cursor-position.ts';

/** Least time between two frames that nobody asked for by a key: ten a second is plenty on a slow line. */
const frameMs = 100;

/** What the inspector is started with. */
export type InspectorOptions = {
	readonly config: Config;
	readonly access: RuntimeAccess;
	readonly demo: DemoAccess;
	readonly readOnly: ReadOnly;
	readonly env: Readonly<Record<string, string | undefined>>;
	readonly hostname: string;
	readonly stdin: NodeJS.ReadStream;
	readonly stdout: NodeJS.WriteStream;
};

/** rxvt, Konsole and others say their colours as `foreground;background`; 7 and 15 are the light backgrounds. */
function hasLightBackground(colorFgBg: string | undefined): boolean {
	return ['7', '15'].includes(colorFgBg?.split(';').at(-1) ?? '');
}

function themeFor(config: Config, colors: string, env: InspectorOptions['env']): ThemeName {
	if (config.ui.theme !== 'auto') return config.ui.theme;
	if (colors === 'none') return 'mono';
	if (colors === '16') return 'ansi16';
	return hasLightBackground(env['COLORFGBG']) ? 'light' : 'dark';
}

/** Runs until the person leaves. @returns the exit code; the terminal is restored before. */
export async function runInspector(options: InspectorOptions): Promise<number> {
	const { config, env } = options;
	const detected = detectCapabilities(env, options.stdout.isTTY === true);
	const capabilities = {
		...detected,
		unicode: config.ui.ascii === undefined ? detected.unicode : !config.ui.ascii,
	};
	const ended = Promise.withResolvers<number>();
	const stop = new AbortController();
	const quiet = createKeyQuiet(() => performance.now());
	const keymap = createKeymap({
		bindings: commands.map(({ id, keys, scopes }) => ({
			commandId: id,
			keys: config.keys.get(id) ?? keys,
			scope: scopes,
		})),
	});

	const terminal = openTerminal({
		stdin: options.stdin,
		stdout: options.stdout,
		env,
		capabilities,
		mouse: config.ui.mouse,
		onInput(input) {
			quiet.pressed();
			if (input.kind === 'key') handler.key(input);
			else if (input.kind === 'paste') handler.paste(input);
			else {
				mouseAction(input, store);
				store.flush();
			}
		},
		onResize(size) {
			stream.resize(size);
			painter.resize(size);
			store.dispatch('screen', { kind: 'resized', ...size });
			store.flush();
		},
		onDrain: () => painter.drained(),
		onResume: () => painter.repaint(),
		onLost: () => stop.abort(),
		onEnd: () => stop.abort(),
	});

	const size = terminal.size();
	const store = createStore(
		initialState({ ...size, hostname: options.hostname, nowMs: Date.now(), readOnly: options.readOnly }),
		{ frameMs },
	);
	store.dispatch('lists', { kind: 'columnsConfigured', columns: config.ui.columns });
	if (config.ui.mouse) store.dispatch('screen', { kind: 'mouseToggled' });
	const painter = createScreenPainter({ ...size, capabilities, write: (bytes) => terminal.write(bytes) });
	const theme = themes[themeFor(config, capabilities.colors, env)];
	const surfaces = createSurfaces(theme);
	/** Paints once React has settled: the places of new boxes are known only then. */
	let painting = false;
	const paintSoon = (): void => {
		if (painting) return;
		painting = true;
		queueMicrotask(() => {
			painting = false;
			const { screen } = store.getShown();
			painter.paint(surfaces.compose(screen), cursorPosition(store.getShown()));
		});
	};
	const stream = createFrameStream({ ...size, onFrame: paintSoon });

	const partialHost = {
		getState: store.getSnapshot,
		dispatch: store.dispatch,
		flush: store.flush,
		env,
		signal: stop.signal,
	};
	const connection = createConnection(partialHost, options.access, {
		listsMs: config.ui.refreshIntervalMs,
		statsMs: config.ui.statsIntervalMs,
		quiet: quiet.wait,
	});
	const host: EffectHost = { ...partialHost, client: connection.client };
	const app: AppEffects = {
		quit: (exitCode = 0) => ended.resolve(exitCode),
		suspend: () => terminal.suspend(),
		redraw: () => painter.repaint(),
		refresh: connection.refresh,
		copy(text, what) {
			const result = terminal.copyToClipboard(text);
			store.dispatch('notices', {
				kind: 'noticeRaised',
				level: result.copied ? 'ok' : 'warn',
				text: result.copied ? `Copied ${what}.` : `Cannot copy ${what}: ${result.reason}.`,
			});
		},
		connect: connection.connect,
		findEndpoints: connection.findEndpoints,
		setMouse: (on) => terminal.setMouse(on),
	};
	const hosted = createHostedEffects(host, {
		config,
		terminal,
		demo: options.demo,
		refresh: connection.refresh,
	});
	const effects: Effects = { app, ...hosted.effects };
	const handler = createInputHandler({ store, keymap, commands, effects });

	const warmer = createSearchWarmer({ getState: store.getSnapshot, quiet, signal: stop.signal });
	store.onEvent((_state, { slice }) => {
		if (slice === 'inventory') {
			connection.follow();
			warmer.follow();
		}
		hosted.follow();
	});
	const clock = setInterval(() => store.dispatch('core', { kind: 'ticked', nowMs: Date.now() }), 1_000);
	const ink = render(
		<UiProvider value={{ store, theme, surfaces, keymap, commands, unicode: capabilities.unicode }}>
			<App />
		</UiProvider>,
		{
			stdout: stream.asStdout(),
			stdin: options.stdin,
			debug: true,
			interactive: true,
			patchConsole: false,
			exitOnCtrlC: false,
		},
	);
	// A component that throws ends Ink; the person gets the terminal back and the reason.
	void ink.waitUntilExit().catch(ended.reject);
	// The cursor moves without any box changing.
	store.subscribe(paintSoon);
	startNodeFacts(host);
	connection.start();
	try {
		return await ended.promise;
	} finally {
		clearInterval(clock);
		stop.abort();
		hosted[Symbol.dispose]();
		connection[Symbol.dispose]();
		ink.unmount();
		terminal.restore();
	}
}
