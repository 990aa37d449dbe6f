/**
 * Whether paths that a runtime tells are paths of this machine: over the network they lead elsewhere.
 * @param endpoint `unix:///…` or `tcp://host:port`
 */
export function isOnThisHost(endpoint: string): boolean {
	const host = /^tcp:\/\/(.*?)(?::\d+)?\/?$/u.exec(endpoint)?.[1];
	return host === undefined || /^(?:localhost|127\.[\d.]+|\[::1\])$/u.test(host);
}
