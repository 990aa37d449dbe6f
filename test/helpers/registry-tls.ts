import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from './child-process.ts';

/** Files of an authority of one's own, of a server at 127.0.0.1 and of a client that it knows. */
export type TlsFiles = {
	readonly authority: string;
	readonly server: { readonly certificate: string; readonly key: string };
	readonly client: { readonly certificate: string; readonly key: string };
};

/** Makes them with openssl, in `dir`. */
export async function makeTlsFiles(dir: string): Promise<TlsFiles> {
	mkdirSync(dir, { recursive: true });
	const file = (name: string) => path.join(dir, name);
	const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
	const authority = file('ca.pem');
	await runProgram('openssl', [
		...['req', '-x509', ...curve, '-keyout', file('ca.key'), '-out', authority],
		...['-subj', '/CN=criscope test authority', '-days', '30'],
	]);
	async function issue(name: string, extensions: string) {
		writeFileSync(file(`${name}.ext`), extensions);
		await runProgram('openssl', [
			...['req', '-new', ...curve, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`)],
			...['-subj', `/CN=${name}`],
		]);
		await runProgram('openssl', [
			...['x509', '-req', '-in', file(`${name}.csr`), '-CA', authority, '-CAkey', file('ca.key')],
			...['-CAcreateserial', '-days', '30', '-extfile', file(`${name}.ext`), '-out', file(`${name}.pem`)],
		]);
		return { certificate: file(`${name}.pem`), key: file(`${name}.key`) };
	}
	const server = await issue('server', 'subjectAltName=IP:127.0.0.1,DNS:registry.test\n');
	const client = await issue('client', 'extendedKeyUsage=clientAuth\n');
	return { authority, server, client };
}
