/**
 * Hides what looks like a secret in what a runtime says: by the key it stands under, and by its own look.
 * It errs on the side of hiding; the person can ask for everything with one key.
 */
import { nestedJson } from './nested-json.ts';
import { isAboutSecret, isSecretKey } from './secret-keys.ts';

/** What stands for a secret: of one length, so that not even its length is told. */
export const secretMask = '••••••••';

/** Secrets that were found by their key and may be repeated elsewhere, in a command line or a log. */
type Found = {
	readonly secrets: Set<string>;
	/** What became of long JSON texts: an answer holds the runtime's extras more than once. */
	readonly texts: Map<string, string | undefined>;
};

/** A repeat is hidden only where the secret is no everyday word: `postgres` as password must not hide the image. */
function isDistinctive(secret: string): boolean {
	return secret.length >= 6 && !/^(?:[a-z][a-z-]*|[\d.]+|true|false|null)$/iu.test(secret);
}

function hide(secret: string, found: Found): string {
	if (secret === '' || secret === secretMask) return secret;
	if (isDistinctive(secret) && found.secrets.size < 200) found.secrets.add(secret);
	return secretMask;
}

/**
 * Texts that are secrets by their look alone. All patterns here are linear whatever they are fed: each may begin
 * only where a word begins, and what it could run through in vain has a bound.
 */
const secretLooks = [
	/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/gu,
	/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/gu,
	/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/gu,
	/\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{10,}|sk-[\w-]{20,}|AIza[\w-]{30,})/gu,
] as const;

/** `user:password@` of a URL; what could be a port and a path (`registry:5000/app@sha256:…`) is none. */
const urlPassword =
	/(?<![a-z\d+.-])([a-z][a-z\d+.-]{0,30}:\/\/[^\s/@:"']{0,200}:)(?!\d+\/)([^\s@"']{1,400})(?=@)/giu;
const urlToken = /(?<![a-z\d+.-])([a-z][a-z\d+.-]{0,30}:\/\/)([^\s/@:"']{16,400})(?=@)/giu;
const bearer = /\b((?:bearer|basic)\s{1,8})([\w+/=.~-]{8,})/giu;
/** `name=value`, `name: value` and `"name": "value"` inside a longer text. */
const assignment =
	/(?<![\w./-])(-{0,2}[A-Za-z_][\w.-]{0,120})(\s?=\s?|:\s{1,8}|\\?"\s{0,8}:\s{0,8})(\\?"(?:[^"\\]|\\[^"])*\\?"|'[^']*'|[^\s"'&;]+)/gu;
/** `--password value` inside a longer text, such as a script given to `sh -c`. */
const spacedFlag = /(?<![\w-])(--?[A-Za-z][\w-]{0,120})(\s{1,8})("[^"]*"|'[^']*'|[^\s"'-][^\s"']*)/gu;
const userFlag = /(?<![\w-])(-u|--user)(\s{1,8}|=)([^\s:"']{1,200}:)([^\s"']+)/gu;

function hidePatterns(text: string, found: Found): string {
	let out = text;
	for (const look of secretLooks) out = out.replace(look, (secret) => hide(secret, found));
	if (out.includes('://')) {
		out = out.replace(urlPassword, (_, before: string, secret: string) => before + hide(secret, found));
		out = out.replace(urlToken, (_, before: string, secret: string) => before + hide(secret, found));
	}
	out = out.replace(bearer, (_, word: string, secret: string) => word + hide(secret, found));
	out = out.replace(assignment, (all: string, name: string, sign: string, value: string) =>
		isSecretKey(name) ? `${name}${sign}${hideQuoted(value, found)}` : all,
	);
	if (/(?:^|\s)-/u.test(out)) {
		out = out.replace(spacedFlag, (all: string, flag: string, space: string, value: string) =>
			isSecretKey(flag) ? `${flag}${space}${hideQuoted(value, found)}` : all,
		);
		out = out.replace(
			userFlag,
			(_, flag: string, space: string, user: string, secret: string) =>
				`${flag}${space}${user}${hide(secret, found)}`,
		);
	}
	return out;
}

function hideQuoted(value: string, found: Found): string {
	const quote = /^(\\?["'])([\s\S]*)\1$/u.exec(value);
	return quote ? `${quote[1]}${hide(quote[2] ?? '', found)}${quote[1]}` : hide(value, found);
}

/** A JSON text with its secrets hidden; the same text where it has none, undefined where it is no JSON. */
function hideInJson(text: string, found: Found): string | undefined {
	if (found.texts.has(text)) return found.texts.get(text);
	const value = nestedJson(text);
	let out: string | undefined;
	if (typeof value === 'object' && value !== null) {
		const hidden = JSON.stringify(hideIn(value, '', false, found));
		// Rewritten only where something was hidden: otherwise the runtime's own formatting stays.
		out = hidden.includes(secretMask) ? hidden : text;
	}
	if (text.length > 1_000) found.texts.set(text, out);
	return out;
}

function hideInString(text: string, key: string, inSecret: boolean, found: Found): string {
	if (text === '') return text;
	if (isSecretKey(key) || (inSecret && !isAboutSecret(key))) return hide(text, found);
	const json = hideInJson(text, found);
	if (json !== undefined) return json;
	const own = /^(-{0,2}[A-Za-z_][\w.-]*)=([\s\S]+)$/u.exec(text);
	if (own?.[1] && own[2] && isSecretKey(own[1])) return `${own[1]}=${hide(own[2], found)}`;
	return hidePatterns(text, found);
}

function hideInList(list: readonly unknown[], key: string, inSecret: boolean, found: Found): unknown[] {
	return list.map((item, index) => {
		const before = list[index - 1];
		if (typeof item === 'string' && typeof before === 'string' && /^-{1,2}[A-Za-z]/u.test(before)) {
			if (!before.includes('=') && !item.startsWith('-') && isSecretKey(before)) return hide(item, found);
			const user = /^(-u|--user)$/u.test(before) && /^([^:]+:)(.+)$/su.exec(item);
			if (user) return `${user[1]}${hide(user[2] ?? '', found)}`;
		}
		return hideIn(item, key, inSecret, found);
	});
}

function hideIn(value: unknown, key: string, inSecret: boolean, found: Found): unknown {
	if (typeof value === 'string') return hideInString(value, key, inSecret, found);
	if (typeof value === 'number') return isSecretKey(key) ? hide(`${value}`, found) : value;
	if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
	const below = inSecret || isSecretKey(key);
	if (Array.isArray(value)) return hideInList(value, key, below, found);
	const fields = value as Readonly<Record<string, unknown>>;
	// `{key: PASSWORD, value: …}` as the CRI writes environment variables, `{name: …, value: …}` as Kubernetes does.
	const label = fields['key'] ?? fields['name'];
	const named = typeof label === 'string' && isSecretKey(label);
	return Object.fromEntries(
		Object.entries(fields).map(([field, item]) => [
			field,
			named && field === 'value' ? hideIn(item, label, true, found) : hideIn(item, field, below, found),
		]),
	);
}

/** Replaces repeats of secrets: many short ones in one pass; a pattern of long ones would be too big to compile. */
function repeatHider(secrets: readonly string[]): (text: string) => string {
	const long = secrets.filter((secret) => secret.length > 200).slice(0, 20);
	const short = secrets.filter((secret) => secret.length <= 200);
	const pattern = short.length > 0 ? new RegExp(short.map(RegExp.escape).join('|'), 'g') : undefined;
	return (text) => {
		let out = text;
		for (const secret of long) if (out.length >= secret.length) out = out.replaceAll(secret, secretMask);
		return pattern ? out.replace(pattern, secretMask) : out;
	};
}

function hideRepeats(value: unknown, hider: (text: string) => string): unknown {
	if (typeof value === 'string') return hider(value);
	if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
	if (Array.isArray(value)) return value.map((item) => hideRepeats(item, hider));
	return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, hideRepeats(item, hider)]));
}

/**
 * A copy of any tree of plain objects with every secret replaced by `secretMask`; JSON inside strings is looked
 * into, and a secret found under its key is hidden wherever else it is repeated. Keys are never changed.
 */
export function hideSecrets<Tree>(tree: Tree): Tree {
	const found: Found = { secrets: new Set(), texts: new Map() };
	const hidden = hideIn(tree, '', false, found);
	if (found.secrets.size === 0) return hidden as Tree;
	const written = [...found.secrets].flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)]);
	// Longer ones first: one secret may be part of another.
	const longestFirst = [...new Set(written)].sort((left, right) => right.length - left.length);
	return hideRepeats(hidden, repeatHider(longestFirst)) as Tree;
}
