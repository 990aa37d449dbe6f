/** Words that make a key's value a secret wherever they stand in it. */
const secretWords: ReadonlySet<string> = new Set([
	'password',
	'passwords',
	'passwd',
	'passphrase',
	'pass',
	'token',
	'tokens',
	'secret',
	'secrets',
	'credential',
	'credentials',
	'creds',
	'auth',
	'auths',
	'authorization',
	'cookie',
	'cookies',
	'dsn',
	'jwt',
	'bearer',
	'apikey',
	'apikeys',
	'privatekey',
	'secretkey',
	'accesskey',
]);

/** Last words of keys that speak about a secret without holding it: `TOKEN_FILE`, `secretName`. */
const aboutWords: ReadonlySet<string> = new Set([
	'file',
	'path',
	'dir',
	'directory',
	'name',
	'names',
	'mode',
	'type',
	'types',
	'method',
	'enabled',
	'disabled',
	'required',
	'optional',
	'ttl',
	'timeout',
	'expiration',
	'expiry',
	'seconds',
	'length',
	'size',
	'count',
	'algorithm',
	'issuer',
	'audience',
	'version',
	'kind',
	'port',
	'host',
]);

/** What a key that is to be kept secret is called after, in names that are no variables. */
const keyWords: ReadonlySet<string> = new Set(
	`access account aes api app application auth client consumer crypto decryption deploy encryption gpg hmac license
	master pgp private rsa secret server service session shared signing ssh ssl storage tls webhook`.split(
		/\s+/u,
	),
);

function wordsOf(key: string): readonly string[] {
	return key
		.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
		.replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
		.toLowerCase()
		.split(/[^\p{L}\d]+/u)
		.filter((word) => word !== '');
}

/** Whether a key speaks about a secret without holding one. */
export function isAboutSecret(key: string): boolean {
	return aboutWords.has(wordsOf(key).at(-1) ?? '');
}

/**
 * Whether the value under a key (of an environment variable, a flag, a label, a field) is to be hidden.
 * `key` alone is no secret, since every map has keys; `api_key`, `signingKey` and `AWS_ACCESS_KEY_ID` are.
 */
export function isSecretKey(key: string): boolean {
	const words = wordsOf(key);
	const last = words.at(-1) ?? '';
	if (aboutWords.has(last)) return false;
	if (words.some((word) => secretWords.has(word) || /(?:password|passwd|secret|token)s?$/u.test(word))) {
		return true;
	}
	// PWD alone is the working directory.
	if (words.length < 2) return false;
	if (words.includes('public')) return false;
	if (last === 'pwd') return words[0] !== 'old';
	const at = words.findIndex((word) => word === 'key' || word === 'keys');
	if (at < 1 || (at < words.length - 1 && !(at === words.length - 2 && last === 'id'))) return false;
	// Variables are free to call any secret a key; fields of the protocols speak of keys of other kinds.
	return /^[\p{Lu}\d_]+$|_/u.test(key) || keyWords.has(words[at - 1] ?? '');
}
