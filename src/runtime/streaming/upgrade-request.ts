/** What a request to switch protocols says in its headers. Everything here is pure. */
import type { IncomingHttpHeaders } from 'node:http';

/** The transports that a client may ask for. */
export type UpgradeKind = 'spdy' | 'websocket';

/** A list header may repeat, hold commas, and be written in any case. */
export function headerWords(value: string | readonly string[] | undefined): readonly string[] {
	const text = typeof value === 'string' ? value : (value ?? []).join(',');
	return text
		.split(',')
		.map((word) => word.trim())
		.filter((word) => word !== '');
}

/** What the client wants to switch to; undefined where it is a plain request, or something that we do not speak. */
export function upgradeKind(headers: IncomingHttpHeaders): UpgradeKind | undefined {
	const lower = (value: string | undefined) => headerWords(value).map((word) => word.toLowerCase());
	if (!lower(headers.connection).includes('upgrade')) return undefined;
	const wanted = lower(headers.upgrade);
	if (wanted.includes('websocket')) return 'websocket';
	return wanted.includes('spdy/3.1') ? 'spdy' : undefined;
}

/** The first protocol of the client's list that the server knows. */
export function chooseProtocol(offered: readonly string[], known: readonly string[]): string | undefined {
	return offered.find((protocol) => known.includes(protocol));
}

/**
 * True where a web page asks that was served under the very name by which it reaches us, and that name is not this
 * machine's: its name server has turned it to 127.0.0.1. The Host alone says nothing, for a kubelet passes on the one
 * that it was reached by. Source: k8s.io/apimachinery util/proxy UpgradeAwareHandler (UseLocationHost is off there)
 */
export function isRebound(headers: IncomingHttpHeaders): boolean {
	const { host, origin } = headers;
	if (origin === undefined || host === undefined || !URL.canParse(origin)) return false;
	const asked = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
	if (asked === undefined) return true;
	const { hostname } = asked;
	if (hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname)) return false;
	return new URL(origin).hostname === hostname;
}
