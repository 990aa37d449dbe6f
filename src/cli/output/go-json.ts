/**
 * Messages as Go's encoding/json writes their structs: names as in the definition, what is empty left out. crictl prints a few
 * parts of `info` this way.
 * Source: the json tags of k8s.io/cri-api/pkg/apis/runtime/v1 (`name,omitempty`).
 */

function isEmpty(value: unknown): boolean {
	return (
		value === undefined || value === null || value === false || value === 0 || value === '' || value === '0'
	);
}

/** Makes that form of the protocol's JSON form of a message without maps. */
export function goJson(value: unknown): unknown {
	if (Array.isArray(value)) return value.map(goJson);
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([, field]) => !isEmpty(field) && !(Array.isArray(field) && field.length === 0))
			.map(([name, field]) => [
				name.replace(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`),
				goJson(field),
			]),
	);
}
