/** The folder of network configurations, as it is now. Source: what CRI-O's ocicni does */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorMessage } from '../../cri/errors.ts';
import type { Log } from '../log.ts';
import { type NetworkList, parseNetworkList } from './network-list.ts';

/** What the folder holds. */
export type ConfFolderState = {
	/** Sorted by file name; of those with one name the first. */
	readonly networks: readonly { readonly file: string; readonly list: NetworkList }[];
	/** Sentences about files that are wrong. */
	readonly problems: readonly string[];
	/** True where there is no file of a network, right or wrong. */
	readonly empty: boolean;
};

/** Reads the folder. */
export type ConfFolder = {
	/** Looks at names and times (some 50 µs), and reads the files again where they have changed. Never throws. */
	current(): ConfFolderState;
};

const extensions = ['.conflist', '.conf', '.json'];

/** Nothing is read before it is asked; a folder that is not there is empty. */
export function createConfFolder(dir: string, log: Log): ConfFolder {
	let stamp: string | undefined;
	let state: ConfFolderState = { networks: [], problems: [], empty: true };
	return {
		current() {
			const files = stampedFiles(dir);
			const now = files.map((file) => file.stamp).join('\n');
			if (now === stamp) return state;
			stamp = now;
			state = readAll(files.map((file) => file.file));
			for (const problem of state.problems) log('warn', 'a network configuration is left out', { problem });
			for (const { file, list } of state.networks) {
				log('info', 'found a network configuration', { file, network: list.name });
			}
			return state;
		},
	};
}

function stampedFiles(dir: string): readonly { readonly file: string; readonly stamp: string }[] {
	let names: readonly string[];
	try {
		names = readdirSync(dir);
	} catch {
		return [];
	}
	return names
		.filter((name) => extensions.includes(path.extname(name)))
		.sort()
		.flatMap((name) => {
			const file = path.join(dir, name);
			const stat = statSync(file, { throwIfNoEntry: false });
			return stat?.isFile() === true
				? [{ file, stamp: `${file} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` }]
				: [];
		});
}

function readAll(files: readonly string[]): ConfFolderState {
	const networks: { file: string; list: NetworkList }[] = [];
	const problems: string[] = [];
	for (const file of files) {
		try {
			const form = file.endsWith('.conflist') ? 'list' : 'single';
			const list = parseNetworkList(readFileSync(file, 'utf8'), form, path.basename(file));
			const twin = networks.find((known) => known.list.name === list.name);
			if (twin !== undefined) throw new Error(`network "${list.name}" is already in "${twin.file}"`);
			networks.push({ file, list });
		} catch (error) {
			problems.push(`cannot use network configuration "${file}": ${errorMessage(error)}`);
		}
	}
	return { networks, problems, empty: files.length === 0 };
}
