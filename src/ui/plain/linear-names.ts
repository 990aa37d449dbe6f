/** From a typed name to the object it means. */
import {
	type ContainerRow,
	type ImageRow,
	namespaceOf,
	type PodRow,
	podNameOf,
	type Row,
} from '../resources/rows.ts';

/** Candidates that an ambiguous name is answered with; more would not be remembered. */
const shownCandidates = 8;

/** How an object is called in this mode: what is printed can be typed. */
export function linearName(row: Row): string {
	switch (row.kind) {
		case 'pod':
			return `${row.pod.metadata.namespace}/${row.name}`;
		case 'container':
			return `${podNameOf(row) || '?'}/${row.name}`;
		case 'image':
			return row.name;
	}
}

function namesOf(row: Row): readonly string[] {
	switch (row.kind) {
		case 'pod':
			return [row.name, linearName(row)];
		case 'container': {
			const { attempt } = row.container.metadata;
			const long = `${namespaceOf(row)}/${linearName(row)}`;
			return [row.name, linearName(row), long, `${linearName(row)}#${attempt}`];
		}
		case 'image': {
			const tags = [...row.image.repoTags, ...row.image.repoDigests];
			// The last part of the path is what people say.
			return [...tags, ...tags.map((tag) => tag.slice(tag.lastIndexOf('/') + 1))];
		}
	}
}

/** Attempts that were replaced are meant only by their id or `name#attempt`. */
function preferNewest<R extends Row>(rows: readonly R[]): readonly R[] {
	const current = rows.filter(
		(row) => row.kind === 'image' || (row.kind === 'pod' ? row.stateText !== 'Replaced' : !row.superseded),
	);
	return current.length > 0 ? current : rows;
}

function described(row: PodRow | ContainerRow | ImageRow): string {
	return `${row.kind} ${linearName(row)}`;
}

/**
 * Finds the object a name means: the whole name first, then its beginning, then the beginning of the id.
 * @returns the row, or one sentence with the candidates. Not sanitised.
 */
export function resolveName<R extends Row>(rows: readonly R[], typed: string, noun: string): R | string {
	const wanted = typed.toLowerCase();
	const tests: readonly ((row: R) => boolean)[] = [
		(row) => row.id === wanted || namesOf(row).some((name) => name.toLowerCase() === wanted),
		(row) => namesOf(row).some((name) => name.toLowerCase().startsWith(wanted)),
		(row) => wanted.length >= 3 && row.id.replace(/^sha256:/u, '').startsWith(wanted),
	];
	for (const test of tests) {
		const all = rows.filter(test);
		const found = wanted.includes('#') ? all : preferNewest(all);
		const [first, ...others] = found;
		if (!first) continue;
		if (others.length === 0) return first;
		const shown = found.slice(0, shownCandidates).map(described).join(', ');
		const more = found.length > shownCandidates ? ` and ${found.length - shownCandidates} more` : '';
		return `"${typed}" may mean ${shown}${more}; type more of it, or its id.`;
	}
	return `No ${noun} is called "${typed}".`;
}
