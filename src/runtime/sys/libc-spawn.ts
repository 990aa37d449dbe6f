/** posix_spawn of the C library: a new process without a copy of this one's page tables. */
import { constants } from 'node:fs';
import { constants as system } from 'node:os';
import { errnoNumber, syscallError } from './errno.ts';
import { openLibc } from './libc.ts';

/** What a new process is made of. */
export type SpawnRequest = {
	/** Absolute: nothing is looked for. */
	readonly file: string;
	/** Without the program's own name. */
	readonly args: readonly string[];
	readonly env: Readonly<Record<string, string>>;
	readonly cwd: string | undefined;
	/** Its descriptors 0, 1, …: one of ours each, or undefined for /dev/null. Ours must be numbered above all of these. */
	readonly descriptors: readonly (number | undefined)[];
};

/** Synchronous. Methods throw SyscallError. */
export type SpawnCalls = {
	/** Two ends of an AF_UNIX stream, close-on-exec, as Node makes them for its children. */
	socketPair(): readonly [number, number];
	/**
	 * Starts a program as leader of a session of its own, with every signal at its default and none blocked.
	 * @returns its pid
	 */
	spawn(request: SpawnRequest): number;
};

// Source: bits/socket.h, spawn.h of glibc and of musl; one value on x64 and arm64.
const afUnix = 1;
const sockStream = 1;
const closeOnExec = 0o2000000;
const setSignalDefaults = 0x04;
const setSignalMask = 0x08;
const setSession = 0x80;
/** More than the structures have in any C library: 80 and 336 bytes in glibc. */
const structBytes = 1024;
const signalSetBytes = 128;
const standardSignals = 31;

/** @throws Error where there is no C library, or one that cannot start a program in a given folder */
export function loadSpawnCalls(): SpawnCalls {
	const { library, errno, addressOf } = openLibc();
	const socketpair = library.func('socketpair', 'int', ['int', 'int', 'int', 'void *']);
	const posixSpawn = library.func('posix_spawn', 'int', [
		'void *',
		'str',
		'void *',
		'void *',
		'void *',
		'void *',
	]);
	const bind = (name: string, ...parameters: readonly string[]) =>
		library.func(`posix_spawn${name}`, 'int', [...parameters]);
	const actionsInit = bind('_file_actions_init', 'void *');
	const actionsDestroy = bind('_file_actions_destroy', 'void *');
	const addDup2 = bind('_file_actions_adddup2', 'void *', 'int', 'int');
	const addOpen = bind('_file_actions_addopen', 'void *', 'int', 'str', 'int', 'uint');
	const addChdir = bind('_file_actions_addchdir_np', 'void *', 'str');
	const attributesInit = bind('attr_init', 'void *');
	const setFlags = bind('attr_setflags', 'void *', 'short');
	const setDefaults = bind('attr_setsigdefault', 'void *', 'void *');
	const setMask = bind('attr_setsigmask', 'void *', 'void *');
	// These return what others leave in errno.
	const check = (result: number, what: string): void => {
		if (result !== 0) throw syscallError('spawn', result, what);
	};

	const attributes = Buffer.alloc(structBytes);
	check(attributesInit(attributes), 'attributes');
	check(setFlags(attributes, setSignalDefaults | setSignalMask | setSession), 'flags');
	check(setDefaults(attributes, allSignals()), 'signals');
	check(setMask(attributes, Buffer.alloc(signalSetBytes)), 'signals');

	/** A list of C strings that ends with a null pointer; `bytes` must live until the call is over. */
	const strings = (texts: readonly string[]): { readonly list: Buffer; readonly bytes: Buffer } => {
		if (texts.some((text) => text.includes('\0'))) {
			throw syscallError('spawn', errnoNumber('EINVAL'), 'a text with a NUL in it');
		}
		const parts = texts.map((text) => Buffer.from(`${text}\0`));
		const bytes = Buffer.concat([...parts, Buffer.alloc(1)]);
		const list = Buffer.alloc(8 * (parts.length + 1));
		let address = addressOf(bytes);
		for (const [index, { length }] of parts.entries()) {
			list.writeBigUInt64LE(address, 8 * index);
			address += BigInt(length);
		}
		return { list, bytes };
	};

	return {
		socketPair() {
			const ends = Buffer.alloc(8);
			if (socketpair(afUnix, sockStream | closeOnExec, 0, ends) < 0) {
				throw syscallError('socketpair', errno());
			}
			return [ends.readInt32LE(0), ends.readInt32LE(4)];
		},
		spawn({ file, args, env, cwd, descriptors }) {
			const actions = Buffer.alloc(structBytes);
			check(actionsInit(actions), file);
			try {
				for (const [target, descriptor] of descriptors.entries()) {
					if (descriptor === undefined) {
						check(addOpen(actions, target, '/dev/null', constants.O_RDWR, 0), file);
					} else check(addDup2(actions, descriptor, target), file);
				}
				if (cwd !== undefined) check(addChdir(actions, cwd), file);
				const argv = strings([file, ...args]);
				const envp = strings(Object.entries(env).map(([name, value]) => `${name}=${value}`));
				const pid = Buffer.alloc(4);
				check(posixSpawn(pid, file, actions, attributes, argv.list, envp.list), file);
				// Nobody may collect them before this line.
				if (argv.bytes.length === 0 || envp.bytes.length === 0) throw new Error('there are no strings');
				return pid.readInt32LE(0);
			} finally {
				actionsDestroy(actions);
			}
		},
	};
}

function allSignals(): Buffer {
	const set = Buffer.alloc(signalSetBytes);
	const { SIGKILL, SIGSTOP } = system.signals;
	for (let number = 1; number <= standardSignals; number += 1) {
		// These two cannot be set, not even to what they are.
		if (number === SIGKILL || number === SIGSTOP) continue;
		const bit = number - 1;
		set.writeUInt8(set.readUInt8(bit >> 3) | (1 << (bit & 7)), bit >> 3);
	}
	return set;
}
