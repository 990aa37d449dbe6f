/** Shells, attached containers and port-forwards: everything that stays open until somebody ends it. */
import type { Config } from '../config/config.ts';
import { tryParseChord } from '../keys/parse.ts';
import { shellArea, shellShown } from '../store/shell-area.ts';
import { currentShell } from '../store/slices/shell.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { keyToString, type TerminalInput } from '../terminal/terminal-input.ts';
import type { EffectHost } from './effect-host.ts';
import { createForwardEffects, type ForwardEffects } from './port-forward-effects.ts';
import { createEscapeChord } from './shell-escape.ts';
import { inputForProgram } from './shell-input.ts';
import { type ShellTarget, type ShellWork, startShell } from './shell-session.ts';

/** The command whose keys leave a session, and the keys it is shipped with. */
export const shellMenuCommand = { id: 'shell.menu', keys: ['ctrl+]'] } as const;

/** How long leaving the inspector waits for shells to hear that they are to end. */
const leaveWaitMs = 1_000;

/** What commands can do with shells and attached containers. */
export type ShellEffects = {
	/** Shows the container's open shell, or opens one. */
	readonly openShell: (target: ShellTarget) => void;
	/** Shows the container's open attach, or asks whether to make one. */
	readonly openAttach: (target: ShellTarget) => void;
	/** The person's yes to an attach. */
	readonly confirmAttach: () => void;
	/** Brings a session into the pane. */
	readonly showShell: (id: number) => void;
	/** Leaves the pane; the session goes on. */
	readonly leaveShell: () => void;
	/** Ends the session in the pane and leaves the pane. */
	readonly closeShell: () => void;
	/** Sends the escape chord itself into the container. */
	readonly sendEscapeChord: () => void;
	/** Looks back (negative) or forward by lines. */
	readonly scrollShell: (lines: number) => void;
	readonly endScrolling: () => void;
	/** Ends every shell before the inspector leaves; takes a second at most, and never rejects. */
	readonly hangUpShells: () => Promise<void>;
};

/** What commands can do with sessions of any kind. */
export type SessionEffects = ShellEffects & ForwardEffects;

/** Bytes of the terminal and what they mean. */
type TypedUnit = { readonly bytes: Uint8Array; readonly input: TerminalInput | undefined };

/** The effects, and how they are kept going. */
export type HostedSessions = Disposable & {
	readonly effects: SessionEffects;
	/** Called after every event. */
	readonly follow: () => void;
};

/** Makes the effects of sessions; disposing of them ends every session and forward. */
export function createSessionEffects(
	host: EffectHost,
	lent: { readonly config: Pick<Config, 'keys'>; readonly terminal: Terminal },
): HostedSessions {
	const { terminal } = lent;
	const works = new Map<number, ShellWork>();
	const targets = new Map<number, ShellTarget>();
	const escapeChord = createEscapeChord<TypedUnit>(
		(lent.config.keys.get(shellMenuCommand.id) ?? shellMenuCommand.keys)
			.map(tryParseChord)
			.filter((chord) => chord !== undefined),
	);
	const forwards = createForwardEffects(host);
	let lastId = 0;
	let chordBytes: Uint8Array = Buffer.from('\x1d', 'latin1');
	let passing = false;
	let innerMouse = false;
	let shownId: number | undefined;

	function visibleId(): number | undefined {
		const state = host.getState();
		return shellShown(state) ? state.shell.currentId : undefined;
	}

	function visibleWork(): ShellWork | undefined {
		const id = visibleId();
		return id === undefined ? undefined : works.get(id);
	}

	function start(id: number, purpose: 'shell' | 'attach', target: ShellTarget): void {
		const client = host.client();
		if (!client) {
			const text = 'no runtime is connected';
			host.dispatch('shell', {
				kind: 'shellPhaseChanged',
				id,
				phase: { kind: 'ended', level: 'fail', text },
			});
			return;
		}
		const size = shellArea(host.getState());
		works.set(id, startShell(host, { id, purpose, target, client, size, isShown: () => visibleId() === id }));
	}

	function forget(id: number): void {
		const work = works.get(id);
		void work?.hangUp();
		work?.[Symbol.dispose]();
		works.delete(id);
		targets.delete(id);
	}

	function open(purpose: 'shell' | 'attach', target: ShellTarget): void {
		const { sessions } = host.getState().shell;
		const known = sessions.find(
			(session) => session.containerId === target.containerId && session.purpose === purpose,
		);
		if (known && known.phase.kind !== 'ended') {
			show(known.id);
			return;
		}
		if (known) close(known.id);
		const id = ++lastId;
		const phase = { kind: purpose === 'shell' ? 'opening' : 'asking' } as const;
		const { containerId, container, pod } = target;
		targets.set(id, target);
		const session = { id, purpose, containerId, container, pod, phase };
		host.dispatch('shell', { kind: 'shellOpened', session });
		host.dispatch('overlays', { kind: 'overlayOpened', overlay: 'shell' });
		if (purpose === 'shell') start(id, purpose, target);
	}

	function show(id: number): void {
		host.dispatch('shell', { kind: 'shellShown', id });
		host.dispatch('overlays', { kind: 'overlayOpened', overlay: 'shell' });
	}

	function close(id: number): void {
		forget(id);
		host.dispatch('shell', { kind: 'shellClosed', id });
	}

	/** Ends the session in the pane. */
	function closeCurrent(): void {
		const { currentId } = host.getState().shell;
		// Its work goes first, so that its end is not told as that of a session in the background.
		if (currentId !== undefined) forget(currentId);
		host.dispatch('overlays', { kind: 'overlayClosed', overlay: 'shell' });
		if (currentId !== undefined) host.dispatch('shell', { kind: 'shellClosed', id: currentId });
	}

	function leave(): void {
		const phase = currentShell(host.getState().shell)?.phase.kind;
		// There is nothing to come back to in what is over or was never begun.
		if (phase !== 'live' && phase !== 'opening') {
			closeCurrent();
			return;
		}
		host.dispatch('overlays', { kind: 'overlayClosed', overlay: 'shell' });
		host.dispatch('shell', { kind: 'shellModeChanged', mode: 'keys' });
	}

	/** Everything typed while a session has the keyboard. */
	function typed(bytes: Uint8Array, input: TerminalInput | undefined): void {
		const work = visibleWork();
		if (!work) return;
		const modes = work.modes();
		const { notices } = host.getState();
		if (notices.current) host.dispatch('notices', { kind: 'noticeDismissed' });
		if (input?.kind === 'mouse') {
			if (modes?.mouse === 'none' && input.action === 'wheelUp') {
				host.dispatch('shell', { kind: 'shellModeChanged', mode: 'scroll' });
				work.scroll(-3);
			} else if (modes) work.send(inputForProgram(bytes, input, modes, shellArea(host.getState())));
			return;
		}
		const step = escapeChord.feed(input?.kind === 'key' ? keyToString(input) : undefined, { bytes, input });
		const area = shellArea(host.getState());
		for (const unit of step.passed) {
			if (modes) work.send(inputForProgram(unit.bytes, unit.input, modes, area));
		}
		if (!step.matched) return;
		chordBytes = Buffer.concat(step.matched.map((unit) => unit.bytes));
		host.dispatch('shell', { kind: 'shellModeChanged', mode: 'menu' });
		host.flush();
	}

	function follow(): void {
		const state = host.getState();
		const current = currentShell(state.shell);
		const shown = shellShown(state) ? current : undefined;
		const takesKeys = shown?.phase.kind === 'live' && state.shell.mode === 'keys';
		if (takesKeys !== passing) {
			passing = takesKeys;
			terminal.setPassThrough(takesKeys ? typed : undefined);
		}
		const work = shown && works.get(shown.id);
		const wantsMouse = takesKeys && work !== undefined && (work.modes()?.mouse ?? 'none') !== 'none';
		if (wantsMouse !== innerMouse) {
			innerMouse = wantsMouse;
			terminal.setMouse(wantsMouse || state.screen.mouse);
		}
		// A session in the background keeps the size it had: its screen is nobody's business now.
		work?.resize(shellArea(state));
		if (shown?.id !== shownId) {
			shownId = shown?.id;
			work?.draw();
		}
		for (const session of state.shell.sessions) {
			if (session.phase.kind === 'ended' && session.id !== shown?.id && works.has(session.id))
				tellEnd(session.id);
		}
		forwards.follow();
	}

	/** A session that ended out of sight is told in one line and put away. */
	function tellEnd(id: number): void {
		const session = host.getState().shell.sessions.find((one) => one.id === id);
		if (session?.phase.kind !== 'ended') return;
		const { level, text } = session.phase;
		const what = session.purpose === 'shell' ? 'Shell in' : 'Attach to';
		close(id);
		host.dispatch('notices', { kind: 'noticeRaised', level, text: `${what} ${session.container}: ${text}.` });
	}

	return {
		follow,
		effects: {
			...forwards.effects,
			openShell: (target) => open('shell', target),
			openAttach: (target) => open('attach', target),
			confirmAttach() {
				const session = currentShell(host.getState().shell);
				const target = session && targets.get(session.id);
				if (session?.phase.kind !== 'asking' || !target) return;
				host.dispatch('shell', { kind: 'shellPhaseChanged', id: session.id, phase: { kind: 'opening' } });
				start(session.id, 'attach', target);
			},
			showShell: show,
			leaveShell: leave,
			closeShell: closeCurrent,
			sendEscapeChord() {
				visibleWork()?.send(chordBytes);
				host.dispatch('shell', { kind: 'shellModeChanged', mode: 'keys' });
			},
			scrollShell: (lines) => visibleWork()?.scroll(lines),
			endScrolling() {
				visibleWork()?.scrollToEnd();
				host.dispatch('shell', { kind: 'shellModeChanged', mode: 'keys' });
			},
			async hangUpShells() {
				if (works.size === 0) return;
				const all = Promise.all([...works.values()].map((work) => work.hangUp()));
				const { promise: late, resolve } = Promise.withResolvers<void>();
				const timer = setTimeout(resolve, leaveWaitMs);
				await Promise.race([all, late]);
				clearTimeout(timer);
			},
		},
		[Symbol.dispose]() {
			terminal.setPassThrough(undefined);
			for (const id of [...works.keys()]) forget(id);
			forwards[Symbol.dispose]();
		},
	};
}
