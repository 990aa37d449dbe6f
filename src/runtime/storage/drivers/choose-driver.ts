/** Which driver a store has, or shall have. */
import { readdir } from 'node:fs/promises';
import { FailedPreconditionError, InvalidArgumentError } from '../../../cri/errors.ts';
import { errnoCode } from '../../sys/errno.ts';
import type { DriverName } from '../store-paths.ts';

/** Drivers whose stores we can see and not use. */
const foreignDrivers = ['btrfs', 'zfs', 'devicemapper', 'aufs'];
const ownDrivers: readonly DriverName[] = ['overlay', 'vfs'];

export type DriverRequest = {
	readonly graphRoot: string;
	/** What the caller or storage.conf asked for. */
	readonly wanted: string | undefined;
	/** Tried in this order where nothing is wanted and nothing is there. */
	readonly priority: readonly string[];
	/** Why overlay cannot be used; undefined where it can. */
	readonly probe: () => Promise<string | undefined>;
	readonly log: (sentence: string) => void;
};

/**
 * A store that is there keeps its driver; a new one gets overlay where that works, and vfs elsewhere.
 * @throws FailedPreconditionError for a store of another driver, InvalidArgumentError for a driver we do not have
 */
export async function chooseDriver(request: DriverRequest): Promise<DriverName> {
	const { graphRoot, wanted } = request;
	const found = await foundDrivers(graphRoot);
	if (wanted !== undefined && wanted !== '') {
		const name = ownDriver(wanted);
		if (name === undefined) {
			throw new InvalidArgumentError(
				`cannot open store "${graphRoot}": the driver "${wanted}" is not supported; use overlay or vfs`,
			);
		}
		if (name === 'overlay') await demandOverlay(request);
		return name;
	}
	const own = ownDrivers.filter((name) => found.includes(name));
	if (own.includes('overlay') && own.includes('vfs')) {
		throw new FailedPreconditionError(
			`cannot open store "${graphRoot}": it holds images of overlay and of vfs; name the driver in storage.conf`,
		);
	}
	if (own[0] !== undefined) {
		if (own[0] === 'overlay') await demandOverlay(request);
		return own[0];
	}
	const foreign = foreignDrivers.find((name) => found.includes(name));
	if (foreign !== undefined) {
		throw new FailedPreconditionError(
			`cannot open store "${graphRoot}": it was made with the driver ${foreign}, which is not supported; ` +
				'use another root, or name the driver overlay or vfs in storage.conf to begin a new store beside it',
		);
	}
	for (const name of request.priority.length > 0 ? request.priority : ownDrivers) {
		if (name === 'vfs') return 'vfs';
		if (ownDriver(name) !== 'overlay') continue;
		const reason = await request.probe();
		if (reason === undefined) return 'overlay';
		request.log(`overlay cannot be used for store "${graphRoot}": ${reason}; vfs takes its place`);
	}
	return 'vfs';
}

async function demandOverlay({ graphRoot, probe }: DriverRequest): Promise<void> {
	const reason = await probe();
	if (reason === undefined) return;
	throw new FailedPreconditionError(`cannot open store "${graphRoot}" with overlay: ${reason}`);
}

function ownDriver(name: string): DriverName | undefined {
	if (name === 'overlay2') return 'overlay';
	return ownDrivers.find((own) => own === name);
}

/** Those that have images here; an empty folder alone is no store. */
async function foundDrivers(graphRoot: string): Promise<readonly string[]> {
	const names = await readdir(graphRoot).catch((error: unknown): string[] => {
		if (errnoCode(error) === 'ENOENT') return [];
		throw error;
	});
	return [...ownDrivers, ...foreignDrivers].filter((driver) => names.includes(`${driver}-images`));
}
