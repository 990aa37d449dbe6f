/** What the inspect view shows, derived from the state; each step remembers its newest result. */

import { containerRows } from '../resources/container-rows.ts';
import { imageRows } from '../resources/image-rows.ts';
import { podRows } from '../resources/pod-rows.ts';
import type { ContainerRow, ImageRow, PodRow } from '../resources/rows.ts';
import { layoutOf } from '../store/layout.ts';
import { memoized } from '../store/memo.ts';
import {
	type InspectAnswer,
	type InspectEvidence,
	type InspectPlace,
	type InspectState,
	type InspectSubject,
	topPlace,
} from '../store/slices/inspect.ts';
import type { UiState } from '../store/state.ts';
import { answerTree } from './answer-tree.ts';
import { containerSummary } from './container-summary.ts';
import type { Document } from './document.ts';
import { findMatches } from './find.ts';
import { type Flow, unwrapped, wrapped } from './flow.ts';
import { imageLayers } from './image-layers.ts';
import { imageSummary } from './image-summary.ts';
import { jsonLines } from './json-lines.ts';
import { type Window, windowOf } from './place.ts';
import { podSummary } from './pod-summary.ts';
import { hideSecrets } from './secrets.ts';
import { yamlLines } from './yaml-lines.ts';

/** Cells left of every row: the cursor and the mark. */
export const gutterCells = 2;

/** Rows above the document: the title, and the line of tabs where there is room for both. */
export function inspectChromeRows(bodyRows: number): number {
	return bodyRows >= 6 ? 2 : 1;
}

/** Rows of the document on the screen. */
export function inspectPageRows(state: UiState): number {
	const { bodyRows } = layoutOf(state.screen);
	return Math.max(1, bodyRows - inspectChromeRows(bodyRows));
}

function shownAnswer(answer: InspectAnswer | undefined, secretsShown: boolean): InspectAnswer | undefined {
	return answer && !secretsShown ? hideSecrets(answer) : answer;
}

const answerOf = memoized(
	(state: UiState) => [state.inspect?.answer, state.inspect?.secretsShown ?? false] as const,
	shownAnswer,
);

/** The evidence as shown: a log line can hold a password too. */
const evidenceOf = memoized(
	(state: UiState) => [state.inspect?.evidence, state.inspect?.secretsShown ?? false] as const,
	(evidence, secretsShown) => (evidence && !secretsShown ? hideSecrets(evidence) : evidence),
);

function masked<Row>(row: Row, secretsShown: boolean): Row {
	return secretsShown ? row : hideSecrets(row);
}

function earlierAttempts(rows: readonly ContainerRow[], own: ContainerRow): readonly ContainerRow[] {
	return rows
		.filter(
			(row) =>
				row.container.podSandboxId === own.container.podSandboxId &&
				row.name === own.name &&
				row.container.metadata.attempt < own.container.metadata.attempt,
		)
		.sort((left, right) => right.container.metadata.attempt - left.container.metadata.attempt);
}

function otherSandboxes(rows: readonly PodRow[], own: PodRow): readonly PodRow[] {
	return rows.filter(
		({ id, pod }) =>
			id !== own.id &&
			pod.metadata.uid === own.pod.metadata.uid &&
			pod.metadata.name === own.pod.metadata.name &&
			pod.metadata.namespace === own.pod.metadata.namespace,
	);
}

function summaryOf(
	subject: InspectSubject | undefined,
	secretsShown: boolean,
	answer: InspectAnswer | undefined,
	evidence: InspectEvidence | undefined,
	pods: readonly PodRow[],
	containers: readonly ContainerRow[],
	images: readonly ImageRow[],
	nowMs: number,
): Document {
	switch (subject?.list) {
		case 'pods': {
			const own = pods.find(({ id }) => id === subject.id);
			return podSummary({
				row: own && masked(own, secretsShown),
				status: answer?.list === 'pods' ? answer.status : undefined,
				otherSandboxes: own ? otherSandboxes(pods, own) : [],
				nowMs,
			});
		}
		case 'containers': {
			const own = containers.find(({ id }) => id === subject.id);
			return containerSummary({
				row: own && masked(own, secretsShown),
				status: answer?.list === 'containers' ? answer.status : undefined,
				evidence,
				earlier: own ? masked(earlierAttempts(containers, own), secretsShown) : [],
				nowMs,
			});
		}
		case 'images': {
			const own = images.find(({ id }) => id === subject.id);
			return imageSummary({
				row: own && masked(own, secretsShown),
				status: answer?.list === 'images' ? answer.status : undefined,
				nowMs,
			});
		}
		case undefined:
			return [];
	}
}

const summaryDocument = memoized(
	(state: UiState) =>
		[
			state.inspect?.subject,
			state.inspect?.secretsShown ?? false,
			answerOf(state),
			evidenceOf(state),
			podRows(state),
			containerRows(state),
			imageRows(state),
			state.nowMs,
		] as const,
	summaryOf,
);

const treeOf = memoized(
	(state: UiState) => [answerOf(state)] as const,
	(answer) => answer && answerTree(answer.status.raw ?? {}),
);

const yamlDocument = memoized(
	(state: UiState) => [treeOf(state)] as const,
	(tree) => (tree ? yamlLines(tree) : []),
);
const jsonDocument = memoized(
	(state: UiState) => [treeOf(state)] as const,
	(tree) => (tree ? jsonLines(tree) : []),
);

/** What the second service told, as shown: the history of an image can hold a password too. */
const layersOf = memoized(
	(state: UiState) => [state.inspect?.layers, state.inspect?.secretsShown ?? false] as const,
	(layers, secretsShown) => (layers && !secretsShown ? hideSecrets(layers) : layers),
);

const layersDocument = memoized(
	(state: UiState) =>
		[
			state.inspect?.subject,
			state.inspect?.secretsShown ?? false,
			answerOf(state),
			layersOf(state),
			podRows(state),
			containerRows(state),
			imageRows(state),
			state.nowMs,
		] as const,
	(subject, secretsShown, answer, layers, pods, containers, images, nowMs): Document => {
		if (subject?.list !== 'images') return [];
		const own = images.find(({ id }) => id === subject.id);
		return imageLayers({
			row: own && masked(own, secretsShown),
			status: answer?.list === 'images' ? answer.status : undefined,
			layers,
			images,
			containers,
			pods,
			nowMs,
		});
	},
);

/** The lines of the shown tab; none while nothing is known. */
export function inspectDocument(state: UiState): Document {
	switch (state.inspect?.tab) {
		case 'summary':
			return summaryDocument(state);
		case 'yaml':
			return yamlDocument(state);
		case 'json':
			return jsonDocument(state);
		case 'layers':
			return layersDocument(state);
		case undefined:
			return [];
	}
}

/** Whether the shown tab wraps its long lines. */
export function isWrapped({ inspect }: UiState): boolean {
	return inspect?.wrap[inspect.tab] ?? false;
}

const flowOf = memoized(
	(state: UiState) => [inspectDocument(state), isWrapped(state), state.screen.columns - gutterCells] as const,
	(lines, wrap, widthCells): Flow => (wrap ? wrapped(lines, widthCells) : unwrapped(lines)),
);

/** The shown document as rows. */
export function inspectFlow(state: UiState): Flow {
	return flowOf(state);
}

/** Matches of the search that is open, in the shown document. */
export const inspectMatches = memoized(
	(state: UiState) => [inspectDocument(state), state.inspect?.search?.query ?? ''] as const,
	findMatches,
);

/** Where the person is in the shown tab. */
export function inspectPlace(inspect: NonNullable<InspectState>): InspectPlace {
	return inspect.places[inspect.tab] ?? topPlace;
}

/** What of the shown document is on the screen. */
export function inspectWindow(state: UiState): Window {
	if (!state.inspect) return { top: 0, cursor: 0 };
	return windowOf(
		inspectDocument(state),
		inspectFlow(state),
		inspectPlace(state.inspect),
		inspectPageRows(state),
	);
}
