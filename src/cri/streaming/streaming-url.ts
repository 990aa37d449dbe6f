import { InvalidArgumentError } from '../errors.ts';
import type { StreamingUrl } from './session.ts';

/** Asks for the URL of the next try and says where to dial it. @throws InvalidArgumentError; what `url` throws. */
export async function nextStreamingUrl(url: StreamingUrl): Promise<URL> {
	return dialableUrl(typeof url === 'string' ? url : await url());
}

/**
 * The address to dial for a URL that a runtime gave. A runtime told to listen everywhere may put that very
 * address, or none, into the URL; it means this machine then.
 * @throws InvalidArgumentError for anything but an absolute http or https URL.
 */
export function dialableUrl(text: string): URL {
	// The URL parser would take the first word of the path for the host of `http:///exec/…`.
	const withHost = text.replace(/^(https?:\/\/)(?=[:/])/i, '$1127.0.0.1');
	const url = URL.canParse(withHost) ? new URL(withHost) : undefined;
	if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
		throw new InvalidArgumentError(
			`cannot open streaming URL ${JSON.stringify(text)}: it is neither http:// nor https://`,
		);
	}
	if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = '127.0.0.1';
	return url;
}
