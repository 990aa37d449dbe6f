/** Levels that a reader could follow and that our own walks through a tree can. */
const deepest = 200;

/** The value inside a JSON text of an object, list or string; undefined for anything else, and where it is too deep. */
export function nestedJson(text: string): unknown {
	if (!/^\s*[[{"]/u.test(text) || isTooDeep(text)) return undefined;
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** Counts brackets, also those inside strings: a text that is refused for them is still shown, as text. */
function isTooDeep(text: string): boolean {
	let depth = 0;
	for (let index = 0; index < text.length; index++) {
		const unit = text.charCodeAt(index);
		if (unit === 0x5b || unit === 0x7b) depth++;
		else if (unit === 0x5d || unit === 0x7d) depth--;
		if (depth > deepest) return true;
	}
	return false;
}
