import type { ByteString } from '../tar/byte-string.ts';

/**
 * A name of a layer without `.`, empty parts and slashes at its ends; `''` is the root. Absolute names count from the root,
 * `..` within takes a part back, as Podman does by Go's filepath.Clean.
 * @returns undefined for a name that leaves the root
 */
export function cleanName(name: ByteString): ByteString | undefined {
	const start = name.startsWith('./') ? 2 : 0;
	const end = name.endsWith('/') ? name.length - 1 : name.length;
	const trimmed = start === 0 && end === name.length ? name : name.slice(start, Math.max(start, end));
	// Nearly all names are clean but for that.
	const code = trimmed.charCodeAt(0);
	if (code !== 0x2f && code !== 0x2e && !trimmed.includes('/.') && !trimmed.includes('//')) {
		if (!trimmed.endsWith('/')) return trimmed;
	}
	const parts: ByteString[] = [];
	for (const part of name.split('/')) {
		if (part === '' || part === '.') continue;
		if (part !== '..') parts.push(part);
		else if (parts.pop() === undefined) return undefined;
	}
	return parts.join('/');
}

/** The folder a clean name lies in, `''` for the root. */
export function parentOf(name: ByteString): ByteString {
	const slash = name.lastIndexOf('/');
	return slash < 0 ? '' : name.slice(0, slash);
}

/** The last part of a clean name. */
export function baseOf(name: ByteString): ByteString {
	return name.slice(name.lastIndexOf('/') + 1);
}
