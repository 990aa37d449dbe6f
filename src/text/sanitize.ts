/**
 * Everything a terminal, a reader's eye or a copied line could be fooled with: controls (C0, DEL, C1), lone
 * surrogates, invisible characters, direction marks and overrides, line separators, interlinear marks. The
 * joiner and the emoji selector count only where they join or select no emoji.
 */
const SUSPECT =
	/[[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\ufff9-\ufffb]--[\u200d\ufe0f]]|(?<!\p{Emoji}\ufe0f?)\u200d|(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}])\ufe0f/gv;

/**
 * A text made fit for one line of the screen: for names, labels, values and messages from outside.
 *
 * Control characters become their picture (`␛`, `␀`), a newline `↵`, a tab one blank; C1 controls and lone
 * surrogates become `�`; invisible characters and direction overrides vanish. A text without any is returned
 * as it is.
 */
export function sanitizeLine(text: string): string {
	return replaceSuspects(text, false);
}

/** As `sanitizeLine`, but newlines stay newlines (CRLF becomes one); for text of several lines. */
export function sanitizeText(text: string): string {
	return replaceSuspects(text.includes('\r') ? text.replaceAll('\r\n', '\n') : text, true);
}

function replaceSuspects(text: string, keepNewlines: boolean): string {
	// The common case by far, and the cheapest test there is.
	if (/^[\x20-\x7e]*$/.test(text)) {
		return text;
	}
	return text.replace(SUSPECT, (found) => visibleForm(found, keepNewlines));
}

function visibleForm(found: string, keepNewlines: boolean): string {
	const code = found.codePointAt(0) ?? 0;
	if (code === 0x0a) return keepNewlines ? '\n' : '↵';
	if (code === 0x09) return ' ';
	if (code < 0x20) return String.fromCharCode(0x2400 + code);
	if (code === 0x7f) return '␡';
	if (code >= 0x80 && code <= 0x9f) return '�';
	if (code >= 0xd800 && code <= 0xdfff) return '�';
	if (code === 0x2028 || code === 0x2029) return keepNewlines ? '\n' : '↵';
	return '';
}
