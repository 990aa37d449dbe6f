/**
 * Turns proto/runtime/v1/api.proto into the JSON descriptor that src/cri/transport loads, so that no
 * .proto is parsed at start (parsing costs about 80 ms there). Runs on Node 20; does nothing when the
 * descriptor is newer than the proto and this script.
 */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const protoPath = join(root, 'proto/runtime/v1/api.proto');
const descriptorPath = join(root, 'src/cri/generated/runtime-v1.json');

/** Loaded only when there is something to do. */
const loadProtobuf = () => createRequire(import.meta.url)('protobufjs');

/**
 * Parses the CRI definition into protobufjs' JSON form, without comments.
 * @param keepCase true keeps the names as the proto writes them; false gives the camelCase of the wire code.
 */
export function describeProto({ keepCase }) {
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

/** Writes the descriptor where it is missing or older than what it is made from. */
export function generateProto() {
	const builtMs = statSync(descriptorPath, { throwIfNoEntry: false })?.mtimeMs ?? 0;
	const sources = [protoPath, fileURLToPath(import.meta.url)];
	if (sources.every((path) => statSync(path).mtimeMs < builtMs)) return false;
	mkdirSync(dirname(descriptorPath), { recursive: true });
	// By rename, so that a build running at the same moment never reads half a file.
	const unfinished = `${descriptorPath}.${process.pid}`;
	writeFileSync(unfinished, `${JSON.stringify(describeProto({ keepCase: false }))}\n`);
	renameSync(unfinished, descriptorPath);
	return true;
}
