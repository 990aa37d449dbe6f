/** Puts the image half of the runtime together: the store, the registries, the unpacker, the transfers. */

import { stat } from 'node:fs/promises';
import { errorMessage, InvalidArgumentError } from '../cri/errors.ts';
import type { RuntimeConfig } from './config/runtime-config.ts';
import type { ImageTransfers } from './image/images.ts';
import { openRegistries } from './image/registries/open-registries.ts';
import type { Registries } from './image/registry.ts';
import { createImageTransfers } from './image/transfers.ts';
import type { Log } from './log.ts';
import { fileFlags, type ServeOptions } from './options.ts';
import { loadStorageConf } from './storage/conf/storage-conf.ts';
import type { Store, WaitOptions } from './storage/model.ts';
import { openStore } from './storage/open-store.ts';
import { createLayerUnpacker } from './storage/unpack/layer-unpacker.ts';
import { defaultLayerLimits } from './storage/unpacker.ts';
import { loadLibc } from './sys/libc.ts';

/** What serves images; disposing of it ends transfers, then closes the store. */
export type OpenImages = AsyncDisposable & {
	readonly store: Store;
	readonly transfers: ImageTransfers;
	readonly aliasOf: Registries['aliasOf'];
};

/**
 * Opens everything that the options and the files of this machine name.
 * @throws the errors of openStore and loadStorageConf, each one sentence
 */
export async function openImages(
	options: ServeOptions,
	{
		env,
		log,
		config,
	}: {
		readonly env: Readonly<Record<string, string | undefined>>;
		readonly log: Log;
		/** Where the options say nothing. */
		readonly config: Pick<
			RuntimeConfig,
			'root' | 'runRoot' | 'storageDriver' | 'signaturePolicy' | 'globalAuthFile'
		>;
	},
	wait: WaitOptions = {},
): Promise<OpenImages> {
	await checkNamedFiles(options);
	await using undo = new AsyncDisposableStack();
	const conf = await loadStorageConf(env, { file: options.storageConf });
	const ownStore = undo.use(
		await openStore(
			{
				...conf,
				graphRoot: options.root ?? config.root ?? conf.graphRoot,
				runRoot: options.runRoot ?? config.runRoot ?? conf.runRoot,
				driver: options.storageDriver ?? config.storageDriver ?? conf.driver,
				sys: loadLibc(),
				log: (sentence) => log('warn', sentence),
			},
			wait,
		),
	);
	const registries = undo.use(
		openRegistries({
			env,
			log: { info: (message) => log('info', message), warning: (message) => log('warn', message) },
			registriesConf: options.registriesConf,
			registriesConfDir: options.registriesConfDir,
			policyPath: options.signaturePolicy ?? config.signaturePolicy,
			authFile: options.authFile ?? config.globalAuthFile,
		}),
	);
	const store = byAliases(ownStore, registries);
	const unpacker = undo.use(createLayerUnpacker());
	const transfers = undo.use(
		createImageTransfers({
			store,
			registries,
			unpacker,
			log: (line) => log('info', line),
			layerLimits: { ...defaultLayerLimits, maxUnpackedBytes: options.layerLimitBytes },
		}),
	);
	const opened = undo.move();
	const { aliasOf } = registries;
	return { store, transfers, aliasOf, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** Who asks for an image by the short name that it was pulled by means what the pull has found. */
function byAliases(store: Store, registries: Registries): Store {
	return {
		...store,
		async findImage(reference, wait) {
			const full = await registries.aliasOf(reference);
			const found = full === undefined ? undefined : await store.findImage(full, wait);
			return found ?? (await store.findImage(reference, wait));
		},
	};
}

/** A file that somebody named must be there: one written wrongly would drop mirrors and blocks without a word. */
async function checkNamedFiles(options: ServeOptions): Promise<void> {
	for (const [flag, option] of Object.entries(fileFlags)) {
		const path = options[option];
		if (path === undefined) continue;
		await stat(path).catch((error: unknown) => {
			throw new InvalidArgumentError(
				`cannot read "${path}" (flag --${flag}): ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file' : errorMessage(error)}`,
				{ cause: error },
			);
		});
	}
}
