/** Serves the figures over HTTP, on loopback. */
import http from 'node:http';
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';

/** A server that listens; disposing of it closes it with all connections. */
export type MetricsServer = AsyncDisposable & {
	/** `http://127.0.0.1:9090/metrics` */
	readonly url: string;
};

/**
 * Listens for scrapes.
 * @param render makes the text of one scrape
 * @throws Error where it cannot listen
 */
export async function startMetricsServer(
	{ host, port }: { readonly host: string; readonly port: number },
	render: () => Promise<string>,
	log: Log,
): Promise<MetricsServer> {
	const server = http.createServer(
		{ headersTimeout: 10_000, requestTimeout: 10_000 },
		(request, response) => {
			if (request.method !== 'GET' && request.method !== 'HEAD') return void response.writeHead(405).end();
			if (new URL(request.url ?? '/', 'http://localhost').pathname !== '/metrics') {
				return void response.writeHead(404, { 'content-type': 'text/plain' }).end('there is /metrics only\n');
			}
			render().then(
				(text) =>
					response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text),
				(error: unknown) => {
					log('warn', 'cannot read the metrics', { error: errorMessage(error) });
					response.writeHead(500).end();
				},
			);
		},
	);
	server.on('clientError', (_error, socket) => socket.destroy());
	await new Promise<void>((resolve, reject) => {
		server.once('error', (error) =>
			reject(
				new Error(`cannot serve metrics on "${host}:${port}": ${errorMessage(error)}`, { cause: error }),
			),
		);
		server.listen(port, host, resolve);
	});
	const address = server.address();
	const bound = typeof address === 'object' && address !== null ? address.port : port;
	return {
		url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}/metrics`,
		async [Symbol.asyncDispose]() {
			const closed = new Promise((resolve) => server.close(resolve));
			server.closeAllConnections();
			await closed;
		},
	};
}
