import { containerId, podSandboxId } from '../../cri/ids.ts';
import type { CriClient } from '../../cri/ports.ts';
import { containerSummary } from '../inspect/container-summary.ts';
import { type Document, documentText } from '../inspect/document.ts';
import { imageSummary } from '../inspect/image-summary.ts';
import { podSummary } from '../inspect/pod-summary.ts';
import { hideSecrets } from '../inspect/secrets.ts';
import { containerRows } from '../resources/container-rows.ts';
import type { Row } from '../resources/rows.ts';
import type { UiState } from '../store/state.ts';

async function summaryOf(
	client: CriClient,
	state: UiState,
	subject: Row,
	signal: AbortSignal,
): Promise<Document> {
	const { nowMs } = state;
	const row = hideSecrets(subject);
	const verbose = { verbose: true };
	switch (row.kind) {
		case 'pod': {
			const status = await client.runtime.podSandboxStatus(podSandboxId(row.id), verbose, { signal });
			return podSummary({ row, status: hideSecrets(status), otherSandboxes: [], nowMs });
		}
		case 'container': {
			const status = await client.runtime.containerStatus(containerId(row.id), verbose, { signal });
			const earlier = containerRows(state).filter(
				({ container, name }) =>
					container.podSandboxId === row.container.podSandboxId &&
					name === row.name &&
					container.metadata.attempt < row.container.metadata.attempt,
			);
			return containerSummary({
				row,
				status: hideSecrets(status),
				evidence: undefined,
				earlier: hideSecrets(earlier),
				nowMs,
			});
		}
		case 'image': {
			const status = await client.images.imageStatus(row.id, verbose, { signal });
			return imageSummary({ row, status: hideSecrets(status), nowMs });
		}
	}
}

/**
 * Everything about an object as short lines, secrets hidden. Not sanitised.
 * @throws the errors of the status calls.
 */
export async function inspectLines(
	client: CriClient,
	state: UiState,
	row: Row,
	{ signal }: { readonly signal: AbortSignal },
): Promise<readonly string[]> {
	const document = await summaryOf(client, state, row, signal);
	return documentText(document)
		.trimEnd()
		.split('\n')
		.map((line) => line.replace(/^ {3,}/u, '    ').replace(/\S {2,}/gu, (gap) => `${gap[0]}: `));
}
