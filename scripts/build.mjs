/**
 * Bundles src into dist: `main.js`, a few lines that switch the compile cache on, and the chunks behind it. The split
 * follows dynamic imports, so `criscope --version` loads no gRPC and no React. Skips itself when nothing changed.
 *
 * Every output lies in dist itself, no folder below: a worker is reached from any chunk as
 * `new URL('./name-worker.js', import.meta.url)`.
 */
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { protos } from './generate-proto.mjs';
import { ensure } from './setup.mjs';
import { nodePath, rootDir, run, runScript, SetupError } from './tools.mjs';

const srcDir = path.join(rootDir, 'src');
const distDir = path.join(rootDir, 'dist');
const stampPath = path.join(distDir, '.stamp');
/** A chunk nobody needs any more is kept this long, for programs still running from it. */
const staleChunkMs = 3_600_000;

/**
 * Builds dist when a source is newer.
 *
 * @param {{force?: boolean}} [options]
 * @returns {Promise<boolean>} false when dist was current already
 * @throws {SetupError} with the compiler's own lines when a source is wrong
 */
export async function build({ force = false } = {}) {
	await generateWhenStale();
	const { signature, workers } = scanSources();
	if (!force && readOrUndefined(stampPath) === signature) return false;
	// Loaded here only: a current build must not pay for it.
	const esbuild = await import('esbuild');
	const entries = [
		{ in: path.join(srcDir, 'main.ts'), out: 'program' },
		...workers.map((file) => ({ in: file, out: path.basename(file, '.ts') })),
	];
	// Apart, so that what it loads is one file of its own and not the pieces that others share with it.
	const banner = [{ in: path.join(srcDir, 'banner-program.ts'), out: 'banner-program' }];
	const bundles = await Promise.all([bundle(esbuild, entries), bundle(esbuild, banner)]);
	writeOutputs(
		bundles.flatMap(({ outputFiles }) => outputFiles),
		signature,
	);
	return true;
}

/** Bundles entry points and what they share. @throws {SetupError} with the compiler's own lines */
function bundle(esbuild, entryPoints) {
	return esbuild
		.build({
			absWorkingDir: rootDir,
			entryPoints,
			outdir: distDir,
			write: false,
			bundle: true,
			splitting: true,
			format: 'esm',
			platform: 'node',
			target: 'node26',
			chunkNames: 'chunk-[name]-[hash]',
			jsx: 'automatic',
			legalComments: 'none',
			logLevel: 'silent',
			// React's development build costs six times as much per update.
			define: { 'process.env.NODE_ENV': '"production"' },
			// Native, or optional speed-ups of ws that are not installed.
			external: ['node-pty', 'koffi', '*.node', 'bufferutil', 'utf-8-validate'],
			plugins: [emptyModule(/^react-devtools-core$/), withoutFetch(), withLazyUnicode(), withoutUndici()],
			// CommonJS packages inside an ES module still expect these.
			banner: {
				js: [
					"import { createRequire as __createRequire } from 'node:module';",
					'const require = __createRequire(import.meta.url);',
					'const __filename = import.meta.filename, __dirname = import.meta.dirname;',
				].join(' '),
			},
			// protobufjs reaches for require through eval, on purpose.
			logOverride: { 'direct-eval': 'silent' },
		})
		.catch(async (error) => {
			const messages = await esbuild.formatMessages(error.errors ?? [], { kind: 'error', color: false });
			throw messages.length > 0 ? new SetupError(`cannot build:\n${messages.join('\n')}`) : error;
		});
}

/** What is made from the .proto files is not in git; scripts/generate.mjs makes it. */
async function generateWhenStale() {
	const script = path.join(rootDir, 'scripts/generate.mjs');
	const changedMs = (file) => fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
	const stale = protos.some(({ proto, descriptor }) => {
		const protoMs = changedMs(proto);
		return protoMs !== undefined && (changedMs(descriptor) ?? 0) < protoMs;
	});
	if (!stale || !fs.existsSync(script)) return;
	const { exitCode, output } = await run(nodePath, [script], { capture: true });
	if (exitCode !== 0) throw new SetupError(`cannot generate from the .proto files:\n${output}`);
}

/** A signature over name, size and time of everything that goes into dist, so that a deleted file counts too. */
function scanSources() {
	const hash = createHash('sha256');
	const workers = [];
	const add = (file) => {
		const stat = fs.statSync(file);
		hash.update(`${path.relative(rootDir, file)} ${stat.size} ${stat.mtimeMs}\n`);
	};
	for (const entry of fs.readdirSync(srcDir, { withFileTypes: true, recursive: true })) {
		if (!entry.isFile()) continue;
		const file = path.join(entry.parentPath, entry.name);
		add(file);
		if (entry.name.endsWith('-worker.ts')) workers.push(file);
	}
	for (const file of ['package-lock.json', 'package.json', 'scripts/build.mjs'])
		add(path.join(rootDir, file));
	return { signature: hash.digest('hex'), workers: workers.sort() };
}

/** Each file appears whole by rename; main.js, which names the chunks behind it, comes last. */
function writeOutputs(outputFiles, signature) {
	fs.mkdirSync(distDir, { recursive: true });
	const current = new Set(['.stamp', 'main.js']);
	for (const { path: file, contents } of outputFiles) {
		current.add(path.basename(file));
		writeAtomically(file, contents);
	}
	writeAtomically(path.join(distDir, 'main.js'), bootstrap());
	for (const name of fs.readdirSync(distDir)) {
		const file = path.join(distDir, name);
		if (!current.has(name) && Date.now() - fs.statSync(file).mtimeMs > staleChunkMs) fs.rmSync(file);
	}
	writeAtomically(stampPath, signature);
}

function writeAtomically(file, contents) {
	const temporary = `${file}.${process.pid}.tmp`;
	fs.writeFileSync(temporary, contents);
	fs.renameSync(temporary, file);
}

/**
 * dist/main.js. The compile cache must be on before the program's own modules load, hence a module of its own. Cached
 * code is run as it stands, so the cache is only kept where nobody but this user (or root) can have written.
 */
function bootstrap() {
	return `// Made by scripts/build.mjs: switches Node's compile cache on, then loads the program.
import { existsSync, statSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';

if (Number(process.versions.node.split('.')[0]) < 26) {
	process.stderr.write(
		'criscope: cannot run on Node ' + process.versions.node + ': it needs 26 or newer (bin/criscope finds it)\\n',
	);
	process.exit(1);
}
const root = dirname(import.meta.dirname);
const home = process.env.XDG_CACHE_HOME || (process.env.HOME ? join(process.env.HOME, '.cache') : '');
const candidates = existsSync(join(root, 'package-lock.json')) ? [join(root, 'node_modules/.cache')] : [];
if (home.startsWith('/')) candidates.push(home);
for (const folder of candidates) {
	try {
		const { uid, mode } = statSync(folder);
		if (uid !== process.getuid() || (mode & 0o022) !== 0) continue;
		const { status } = nodeModule.enableCompileCache(join(folder, 'criscope/compile'));
		// Otherwise it could not be written here (read-only, no room).
		if (status !== nodeModule.constants.compileCacheStatus.FAILED) break;
	} catch {
		// Not there: the next one.
	}
}
await import(process.argv[2] === 'banner' ? './banner-program.js' : './program.js');
`;
}

/** Replaces a module by an empty one; Ink names its devtools although a release never opens them. */
function emptyModule(filter) {
	return {
		name: 'empty-module',
		setup(pluginBuild) {
			pluginBuild.onResolve({ filter }, ({ path: name }) => ({ path: name, namespace: 'empty' }));
			pluginBuild.onLoad({ filter: /./, namespace: 'empty' }, () => ({ contents: 'export default {};' }));
		},
	};
}

/**
 * Yoga reads its own wasm, a data: URL, by fetch where there is one. In Node that loads all of undici, which costs more
 * than the rest of Ink; without it Yoga decodes the base64 itself.
 */
function withoutFetch() {
	const transform = (text) => `const fetch = undefined;\n${text}`;
	return transformModule(/yoga-layout\/dist\/binaries\/yoga-wasm-base64-esm\.js$/, transform);
}

/**
 * Ink's packages make segmenters and a pattern of all emoji when they load: 50 ms of Unicode tables that a screen without
 * such text never asks for. Made at first use instead.
 */
function withLazyUnicode() {
	const transform = (text, file) => {
		const lazy = text
			.replace(
				/^const (\w+) = (new Intl\.Segmenter\(.*\));$/m,
				'let $1Made; const $1 = { segment: (text) => ($1Made ??= $2).segment(text) };',
			)
			.replace(
				/^const (\w+) = (\/.*\\p\{RGI_Emoji\}.*\/v);$/m,
				// Of single UTF-16 units, emoji by themselves lie between these bounds; box drawing, which every frame has,
				// lies there too and is none.
				`let $1Made; const $1 = { test: (text) => (text.length > 1 || (text >= '\\u231a' && text <= '\\u2b55'
					&& !(text >= '\\u2400' && text <= '\\u25fc'))) && ($1Made ??= $2).test(text) };`,
			);
		// A new version of the package may say it otherwise: then this step must be looked at again.
		if (lazy === text)
			throw new Error(`cannot make Unicode tables lazy in "${file}": nothing found to replace`);
		return lazy;
	};
	return transformModule(
		/node_modules\/(string-width\/index|slice-ansi\/tokenize-ansi|wrap-ansi\/index|ink\/build\/line-update|@alcalzone\/ansi-tokenize\/build\/tokenize)\.js$/,
		transform,
	);
}

/**
 * An import of Node's http reads all that it exports, and its WebSocket loads undici: 5 MiB and some milliseconds for what
 * nobody here uses. Taken as an object its parts are read when they are needed.
 */
function withoutUndici() {
	return {
		name: 'without undici',
		setup(pluginBuild) {
			pluginBuild.onResolve({ filter: /^(node:)?https?$/ }, ({ path: name, kind }) =>
				kind === 'require-call' ? undefined : { path: name.replace(/^node:/, ''), namespace: 'builtin' },
			);
			pluginBuild.onLoad({ filter: /./, namespace: 'builtin' }, ({ path: name }) => ({
				contents: `module.exports = process.getBuiltinModule('node:${name}');`,
			}));
		},
	};
}

/** A plugin that rewrites modules whose path matches. */
function transformModule(filter, transform) {
	return {
		name: `transform ${filter}`,
		setup(pluginBuild) {
			pluginBuild.onLoad({ filter }, ({ path: file }) => ({
				contents: transform(fs.readFileSync(file, 'utf8'), file),
			}));
		},
	};
}

function readOrUndefined(file) {
	try {
		return fs.readFileSync(file, 'utf8');
	} catch {
		return undefined;
	}
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	await runScript(async () => {
		await ensure({ purpose: 'build' });
		await build({ force: process.argv.includes('--force') });
		return 0;
	});
}
