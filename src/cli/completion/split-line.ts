/**
 * The words of a command line up to the cursor, as a shell would read them; the last one is what is being typed, maybe ''.
 * Source: bash(1), QUOTING
 */
export function splitLine(line: string): readonly string[] {
	const words: string[] = [];
	let word: string | undefined;
	let quote = '';
	for (let at = 0; at < line.length; at++) {
		const char = line.charAt(at);
		if (quote !== '') {
			if (char === quote) quote = '';
			else if (char === '\\' && quote === '"' && /["\\$`]/u.test(line.charAt(at + 1)))
				word += line.charAt(++at);
			else word += char;
		} else if (char === '"' || char === "'") {
			quote = char;
			word ??= '';
		} else if (char === '\\') {
			word = (word ?? '') + line.charAt(++at);
		} else if (/\s/u.test(char)) {
			if (word !== undefined) words.push(word);
			word = undefined;
		} else word = (word ?? '') + char;
	}
	return [...words, word ?? ''];
}
