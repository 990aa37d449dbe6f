import type { ImageDescription } from '../../../cri/image-transfer.ts';
import type { ContainerStatus, ImageStatus, PodSandboxStatus } from '../../../cri/model.ts';
import type { CgroupReading } from '../../../node/cgroup.ts';
import type { OomKill } from '../../../node/oom-kill.ts';
import type { ListId } from '../state.ts';

/** The object under inspection. */
export type InspectSubject = { readonly list: ListId; readonly id: string; readonly name: string };

/** The ways to look at an object, in the order of their tabs. */
export const inspectTabs = ['summary', 'yaml', 'json', 'layers'] as const;
export type InspectTab = (typeof inspectTabs)[number];

/** The tabs that objects of a list have: only images are made of layers. */
export function tabsOf(list: ListId): readonly InspectTab[] {
	return inspectTabs.filter((tab) => tab !== 'layers' || list === 'images');
}

/** The runtime's newest verbose answer. */
export type InspectAnswer =
	| { readonly list: 'pods'; readonly status: PodSandboxStatus }
	| { readonly list: 'containers'; readonly status: ContainerStatus }
	| { readonly list: 'images'; readonly status: ImageStatus };

/** One of the last lines a container logged; text is as logged, unsanitised. */
export type LastLogLine = {
	readonly timestampNanos: bigint | undefined;
	readonly stream: 'stdout' | 'stderr';
	readonly text: string;
};

/** What this host itself knows about a container; parts that cannot be read are undefined. */
export type InspectEvidence = {
	readonly oomKills: readonly OomKill[];
	/** Why the kernel log says nothing, in words. */
	readonly oomProblem: string | undefined;
	readonly cgroup: CgroupReading | undefined;
	/** Last lines of the attempt that died: the container's own, or that of the attempt before it. */
	readonly lastLines:
		| {
				readonly attempt: number;
				readonly logPath: string;
				readonly lines: readonly LastLogLine[];
				readonly problem: string | undefined;
		  }
		| undefined;
};

/**
 * A row of the document by what it says, so that it is found again when a refresh moved it: the key of its line,
 * where the line was, and for a wrapped line which of its rows.
 */
export type InspectAnchor = { readonly key: string; readonly line: number; readonly part: number };

/** Where the person is in one tab. */
export type InspectPlace = {
	/** Undefined: at the first row. */
	readonly cursor: InspectAnchor | undefined;
	/** Rows between the top of the page and the cursor. */
	readonly screenRow: number;
	/** Cells scrolled sideways. */
	readonly column: number;
};

/** A search in the shown document: smart case, plain text. */
export type InspectSearch = {
	readonly query: string;
	/** The match the person is at; undefined before the first one is found. */
	readonly at: { readonly anchor: InspectAnchor; readonly start: number } | undefined;
	/** Where the search began: the way back when it is left. */
	readonly origin: InspectPlace;
};

/** What the runtime's second service told of an image's layers; asked only while they are looked at. */
export type InspectLayers = {
	/** Undefined where it told nothing. */
	readonly description: ImageDescription | undefined;
	/** Why there is no newer description, or none; undefined while all is well. */
	readonly problem: string | undefined;
};

/** What the inspect view shows; undefined while it is closed. */
export type InspectState =
	| {
			readonly subject: InspectSubject;
			readonly tab: InspectTab;
			readonly answer: InspectAnswer | undefined;
			/** When the runtime gave the answer, also when it was the same as before. */
			readonly answeredAtMs: number | undefined;
			/** Why there is no newer answer; undefined while all is well. */
			readonly problem: string | undefined;
			readonly evidence: InspectEvidence | undefined;
			/** Undefined while they were not asked for, or have not been told. */
			readonly layers: InspectLayers | undefined;
			readonly secretsShown: boolean;
			/** Long lines take as many rows as they need; in a summary at first, elsewhere when asked for. */
			readonly wrap: Readonly<Record<InspectTab, boolean>>;
			readonly places: Readonly<Record<InspectTab, InspectPlace>>;
			/** Keys of marked lines of the shown tab. */
			readonly marked: ReadonlySet<string>;
			readonly search: InspectSearch | undefined;
			/** A file that stands where the person wants to save: asked for once more it is replaced. */
			readonly replacePath: string | undefined;
	  }
	| undefined;

export type InspectEvent =
	| { readonly kind: 'inspectOpened'; readonly subject: InspectSubject }
	| { readonly kind: 'inspectClosed' }
	| {
			readonly kind: 'inspectAnswered';
			readonly id: string;
			readonly answer: InspectAnswer;
			readonly atMs: number;
	  }
	| { readonly kind: 'inspectFailed'; readonly id: string; readonly problem: string }
	| { readonly kind: 'evidenceGathered'; readonly id: string; readonly evidence: InspectEvidence }
	| { readonly kind: 'imageDescribed'; readonly id: string; readonly description: ImageDescription }
	| { readonly kind: 'imageNotDescribed'; readonly id: string; readonly problem: string }
	| { readonly kind: 'inspectTabChosen'; readonly tab: InspectTab }
	| { readonly kind: 'inspectPlaced'; readonly place: InspectPlace }
	| { readonly kind: 'inspectSecretsToggled' }
	| { readonly kind: 'inspectWrapToggled' }
	| { readonly kind: 'inspectMarkToggled'; readonly key: string }
	| { readonly kind: 'inspectMarksCleared' }
	| { readonly kind: 'inspectSearched'; readonly search: InspectSearch | undefined }
	| { readonly kind: 'inspectReplaceAsked'; readonly path: string | undefined };

/** The top of a document. */
export const topPlace: InspectPlace = { cursor: undefined, screenRow: 0, column: 0 };

function opened(state: InspectState, subject: InspectSubject): InspectState {
	return {
		subject,
		// Going from object to object compares them: the same tab stays open, secrets are hidden again.
		tab: state && tabsOf(subject.list).includes(state.tab) ? state.tab : 'summary',
		answer: undefined,
		answeredAtMs: undefined,
		problem: undefined,
		evidence: undefined,
		layers: undefined,
		secretsShown: false,
		wrap: state?.wrap ?? { summary: true, yaml: false, json: false, layers: true },
		places: { summary: topPlace, yaml: topPlace, json: topPlace, layers: topPlace },
		marked: new Set(),
		search: undefined,
		replacePath: undefined,
	};
}

/** Applies one event. Answers for an object that is no longer inspected are dropped. */
export function updateInspect(state: InspectState, event: InspectEvent): InspectState {
	if (!state) return event.kind === 'inspectOpened' ? opened(state, event.subject) : state;
	switch (event.kind) {
		case 'inspectOpened':
			return opened(state, event.subject);
		case 'inspectClosed':
			return undefined;
		case 'inspectAnswered':
			return event.id === state.subject.id
				? { ...state, answer: event.answer, answeredAtMs: event.atMs, problem: undefined }
				: state;
		case 'inspectFailed':
			return event.id === state.subject.id && event.problem !== state.problem
				? { ...state, problem: event.problem }
				: state;
		case 'evidenceGathered':
			return event.id === state.subject.id ? { ...state, evidence: event.evidence } : state;
		case 'imageDescribed':
			return event.id === state.subject.id
				? { ...state, layers: { description: event.description, problem: undefined } }
				: state;
		case 'imageNotDescribed':
			return event.id === state.subject.id && event.problem !== state.layers?.problem
				? { ...state, layers: { description: state.layers?.description, problem: event.problem } }
				: state;
		case 'inspectTabChosen':
			return event.tab === state.tab || !tabsOf(state.subject.list).includes(event.tab)
				? state
				: { ...state, tab: event.tab, marked: new Set(), search: undefined };
		case 'inspectPlaced':
			return { ...state, places: { ...state.places, [state.tab]: event.place } };
		case 'inspectSecretsToggled':
			return { ...state, secretsShown: !state.secretsShown };
		case 'inspectWrapToggled': {
			const place = { ...state.places[state.tab], column: 0 };
			return {
				...state,
				wrap: { ...state.wrap, [state.tab]: !state.wrap[state.tab] },
				places: { ...state.places, [state.tab]: place },
			};
		}
		case 'inspectMarkToggled': {
			const marked = new Set(state.marked);
			if (!marked.delete(event.key)) marked.add(event.key);
			return { ...state, marked };
		}
		case 'inspectMarksCleared':
			return { ...state, marked: new Set() };
		case 'inspectSearched':
			return { ...state, search: event.search };
		case 'inspectReplaceAsked':
			return { ...state, replacePath: event.path };
	}
}
