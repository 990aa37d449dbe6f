import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { TransferEvent } from '../../src/cri/image-transfer.ts';
import type { ImageTransfers } from '../../src/runtime/image/images.ts';
import { openRegistries } from '../../src/runtime/image/registries/open-registries.ts';
import { createImageTransfers, type ImageTransferOptions } from '../../src/runtime/image/transfers.ts';
import type { Store } from '../../src/runtime/storage/model.ts';
import { openStore } from '../../src/runtime/storage/open-store.ts';
import { createLayerUnpacker } from '../../src/runtime/storage/unpack/layer-unpacker.ts';
import { loadLibc } from '../../src/runtime/sys/libc.ts';
import { openPodman } from './podman.ts';

/** The image half of the runtime within this process: real store, registries and unpacker. */
export type ImageRuntime = AsyncDisposable & {
	readonly store: Store;
	readonly transfers: ImageTransfers;
	/** What a person would be told. */
	readonly notes: readonly string[];
};

/**
 * Opens it. Only plain HTTP is spoken to the registries named.
 *
 * @param options.dir for its configuration
 * @param options.registriesConf TOML that goes before the insecure registries, for mirrors
 */
export async function openImageRuntime(
	options: {
		readonly dir: string;
		readonly graphRoot: string;
		readonly runRoot: string;
		readonly insecure?: readonly string[];
		readonly registriesConf?: string;
		readonly driver?: 'overlay' | 'vfs';
	} & Pick<ImageTransferOptions, 'fetchLimits' | 'layerLimits' | 'archiveLimits'>,
): Promise<ImageRuntime> {
	const { dir, graphRoot, runRoot, insecure = [], fetchLimits, layerLimits, archiveLimits } = options;
	await using undo = new AsyncDisposableStack();
	const registriesConf = path.join(dir, 'registries.conf');
	const policyPath = path.join(dir, 'policy.json');
	writeFileSync(
		registriesConf,
		`unqualified-search-registries = []\n${options.registriesConf ?? ''}\n${insecure
			.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`)
			.join('')}`,
	);
	writeFileSync(policyPath, '{"default":[{"type":"insecureAcceptAnything"}]}');
	const notes: string[] = [];
	const log = (line: string) => void notes.push(line);
	const driver = options.driver === undefined ? {} : { driver: options.driver };
	const store = undo.use(await openStore({ sys: loadLibc(), graphRoot, runRoot, log, ...driver }));
	const unpacker = undo.use(createLayerUnpacker());
	const registries = undo.use(
		openRegistries({
			env: {},
			log: { info: () => undefined, warning: log },
			registriesConf,
			registriesConfDir: path.join(dir, 'none'),
			policyPath,
		}),
	);
	const transfers = undo.use(
		createImageTransfers({ store, registries, unpacker, log, fetchLimits, layerLimits, archiveLimits }),
	);
	const opened = undo.move();
	return { store, transfers, notes, [Symbol.asyncDispose]: () => opened.disposeAsync() };
}

/** What the last event of a transfer tells. */
export type Completed = Extract<TransferEvent, { kind: 'completed' }>;

/** Runs a transfer to its end. @returns the last `completed` */
export async function completed(events: AsyncIterable<TransferEvent>): Promise<Completed> {
	let last: Completed | undefined;
	for await (const event of events) if (event.kind === 'completed') last = event;
	if (last === undefined) throw new Error('the transfer ended without a completed event');
	return last;
}

/** A store of the running test's own that a Podman uses too. Call it inside a test. */
export async function openBesidePodman(
	options: Omit<Parameters<typeof openImageRuntime>[0], 'dir' | 'graphRoot' | 'runRoot'>,
) {
	const podman = openPodman();
	onTestFinished(() => podman.stop());
	const { dir, graphRoot, runRoot } = podman;
	const runtime = await openImageRuntime({ dir, graphRoot, runRoot, ...options });
	onTestFinished(() => runtime[Symbol.asyncDispose]());
	return { podman, ...runtime };
}

/** Names of what lies in a store's folder for things on their way. */
export function stagedNames(graphRoot: string): readonly string[] {
	const staging = path.join(graphRoot, 'criscope', 'staging');
	return readdirSync(staging).flatMap((name) => readdirSync(path.join(staging, name)));
}
