/**
 * Turns each .proto into the JSON descriptor that src/cri/transport loads, so that none is parsed at start
 * (parsing costs about 80 ms there). Runs on Node 20; does nothing when a descriptor is newer than its proto
 * and this script.
 */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What is generated: each .proto and its descriptor, as absolute paths. */
export const protos = [
	{ proto: 'proto/runtime/v1/api.proto', descriptor: 'src/cri/generated/runtime-v1.json' },
	{ proto: 'proto/criscope/v1/images.proto', descriptor: 'src/cri/generated/criscope-v1.json' },
].map(({ proto, descriptor }) => ({ proto: join(root, proto), descriptor: join(root, descriptor) }));

/** Loaded only when there is something to do. */
const loadProtobuf = () => createRequire(import.meta.url)('protobufjs');

/**
 * Parses a definition, the CRI's unless told, into protobufjs' JSON form, without comments.
 * @param keepCase true keeps the names as the proto writes them; false gives the camelCase of the wire code.
 */
export function describeProto({ keepCase, protoPath = protos[0].proto }) {
	const { root: parsed } = loadProtobuf().parse(readFileSync(protoPath, 'utf8'), { keepCase });
	parsed.resolveAll();
	return parsed.toJSON({ keepComments: false });
}

/**
 * Lists a descriptor, one declaration a line, sorted: what test/fixtures/cri-1.36-descriptor.txt holds.
 */
export function listDescriptor(descriptor) {
	const lines = [];
	const options = (of) => (of.options ? ` ${JSON.stringify(of.options)}` : '');
	const reserved = (name, of) => {
		for (const range of of.reserved ?? []) lines.push(`${name} reserved ${JSON.stringify(range)}`);
	};
	const walk = (prefix, namespace) => {
		for (const [key, value] of Object.entries(namespace.nested ?? {})) {
			const name = prefix ? `${prefix}.${key}` : key;
			for (const [rpc, of] of Object.entries(value.methods ?? {})) {
				const stream = (yes) => (yes ? 'stream ' : '');
				lines.push(
					`${name}/${rpc} (${stream(of.requestStream)}${of.requestType}) (${stream(of.responseStream)}${of.responseType})`,
				);
			}
			if (value.fields) lines.push(`message ${name}`);
			for (const [field, of] of Object.entries(value.fields ?? {})) {
				const type = of.keyType
					? `map<${of.keyType}, ${of.type}>`
					: `${of.rule ? `${of.rule} ` : ''}${of.type}`;
				lines.push(`${name}.${field} = ${of.id} ${type}${options(of)}`);
			}
			for (const [item, number] of Object.entries(value.values ?? {})) {
				lines.push(`enum ${name}.${item} = ${number}`);
			}
			reserved(name, value);
			walk(name, value);
		}
	};
	walk('', descriptor);
	return `${lines.sort().join('\n')}\n`;
}

/** Writes the descriptors that are missing or older than what they are made from. @returns their paths. */
export function generateProto() {
	const stale = protos.filter(({ proto, descriptor }) => {
		const builtMs = statSync(descriptor, { throwIfNoEntry: false })?.mtimeMs ?? 0;
		return [proto, fileURLToPath(import.meta.url)].some((path) => statSync(path).mtimeMs >= builtMs);
	});
	for (const { proto, descriptor } of stale) {
		mkdirSync(dirname(descriptor), { recursive: true });
		// By rename, so that a build running at the same moment never reads half a file.
		const unfinished = `${descriptor}.${process.pid}`;
		writeFileSync(unfinished, `${JSON.stringify(describeProto({ keepCase: false, protoPath: proto }))}\n`);
		renameSync(unfinished, descriptor);
	}
	return stale.map(({ descriptor }) => relative(root, descriptor));
}
