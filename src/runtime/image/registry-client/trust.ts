import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { RegistryError } from '../model.ts';

/** What a host's folder in certs.d adds to the trust of this machine. PEM texts. */
export type HostCertificates = {
	readonly authorities: readonly string[];
	/** Pairs for a server that asks who we are. */
	readonly clients: readonly { readonly certificate: string; readonly key: string }[];
};

/** Where distributions keep the certificates that this machine trusts. Source: Go's crypto/x509, root_linux.go. */
const systemBundles = [
	'/etc/ssl/certs/ca-certificates.crt',
	'/etc/pki/tls/certs/ca-bundle.crt',
	'/etc/ssl/ca-bundle.pem',
	'/etc/pki/tls/cacert.pem',
	'/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
	'/etc/ssl/cert.pem',
];

function isMissing(error: unknown): boolean {
	const { code } = error as NodeJS.ErrnoException;
	return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES';
}

/**
 * The authorities that this machine trusts: its own bundle as podman would use it (a company's CA is put there), else
 * those that Node brings.
 */
async function systemAuthorities(
	env: Readonly<Record<string, string | undefined>>,
): Promise<readonly string[]> {
	const { SSL_CERT_FILE } = env;
	for (const file of SSL_CERT_FILE ? [SSL_CERT_FILE] : systemBundles) {
		try {
			return [await readFile(file, 'utf8'), ...getCACertificates('extra')];
		} catch (error) {
			if (!isMissing(error)) throw error;
		}
	}
	return getCACertificates('default');
}

/**
 * Reads the first folder for `host` among `dirs`: `*.crt` are authorities, `*.cert` with the `*.key` of the same name
 * identify us.
 *
 * @param host with port, as it stands in the image's name
 * @returns undefined where there is no such folder
 * @throws RegistryError (certificate) that names a pair of which one half is missing, or a file that cannot be read
 * Source: containers-certs.d(5).
 */
export async function readHostCertificates(
	dirs: readonly string[],
	host: string,
): Promise<HostCertificates | undefined> {
	for (const parent of dirs) {
		const dir = path.join(parent, host);
		let names: readonly string[];
		try {
			names = (await readdir(dir)).sort();
		} catch (error) {
			if (isMissing(error)) continue;
			throw new RegistryError('certificate', `cannot read certificates of "${host}": ${String(error)}`, {
				cause: error,
			});
		}
		return readFolder(dir, names, host);
	}
	return undefined;
}

async function readFolder(dir: string, names: readonly string[], host: string): Promise<HostCertificates> {
	const fail = (cause: string, error?: unknown): never => {
		throw new RegistryError('certificate', `cannot use certificates of "${host}": ${cause}`, {
			cause: error,
		});
	};
	const read = async (name: string): Promise<string> => {
		const file = path.join(dir, name);
		try {
			return await readFile(file, 'utf8');
		} catch (error) {
			return fail(`${file} cannot be read: ${(error as Error).message}`, error);
		}
	};
	const authorities = await Promise.all(names.filter((name) => name.endsWith('.crt')).map(read));
	const clients = names
		.filter((name) => name.endsWith('.cert'))
		.map(async (name) => {
			const keyName = name.replace(/\.cert$/, '.key');
			if (!names.includes(keyName)) {
				fail(`${path.join(dir, name)} has no ${keyName} beside it (an authority's file ends in .crt)`);
			}
			return { certificate: await read(name), key: await read(keyName) };
		});
	for (const name of names) {
		const certName = name.replace(/\.key$/, '.cert');
		if (name.endsWith('.key') && !names.includes(certName)) {
			fail(`${path.join(dir, name)} has no ${certName} beside it`);
		}
	}
	return { authorities, clients: await Promise.all(clients) };
}

/** What this machine trusts: the certificates, and what connections without any of their own are made with. */
export type SystemTrust = { readonly authorities: readonly string[]; readonly context: SecureContext };

/** Reads the machine's authorities when they are first needed; parsing them takes tens of milliseconds. */
export function systemTrustOnce(
	env: Readonly<Record<string, string | undefined>>,
): () => Promise<SystemTrust> {
	let trust: Promise<SystemTrust> | undefined;
	async function read(): Promise<SystemTrust> {
		const authorities = await systemAuthorities(env);
		return { authorities, context: createSecureContext({ ca: [...authorities] }) };
	}
	return () => {
		if (trust === undefined) {
			trust = read();
			// A bundle that cannot be read now may be put right.
			trust.catch(() => {
				trust = undefined;
			});
		}
		return trust;
	};
}

/**
 * What TLS connections to a host with certificates of its own are made with.
 *
 * @throws RegistryError (certificate) where a file holds no certificate
 */
export function secureContextOf(
	host: string,
	system: readonly string[],
	own: HostCertificates | undefined,
	{ identify }: { readonly identify: boolean },
): SecureContext {
	const clients = identify ? (own?.clients ?? []) : [];
	try {
		return createSecureContext({
			ca: [...system, ...(own?.authorities ?? [])],
			...(clients.length === 0
				? {}
				: {
						cert: clients.map(({ certificate }) => certificate),
						key: clients.map(({ key }) => key),
					}),
		});
	} catch (error) {
		throw new RegistryError(
			'certificate',
			`cannot use certificates of "${host}": ${(error as Error).message}`,
			{
				cause: error,
			},
		);
	}
}
