/** Constants of mount(2) and umount2(2), and how they are written in storage.conf. Source: linux/mount.h */

export const mountReadOnly = 1;
export const mountNoDevices = 4;
export const mountRemount = 32;
export const mountBind = 4096;
export const mountPrivate = 1 << 18;
export const unmountDetach = 2;
export const unmountNoFollow = 8;

/** Words that are bits of their own; those with 0 take one away that nobody set. Source: mount(8) */
const flagBits: Readonly<Record<string, number>> = {
	ro: mountReadOnly,
	rw: 0,
	nosuid: 2,
	suid: 0,
	nodev: mountNoDevices,
	dev: 0,
	noexec: 8,
	exec: 0,
	sync: 16,
	async: 0,
	noatime: 1024,
	atime: 0,
	nodiratime: 2048,
	diratime: 0,
	relatime: 1 << 21,
	strictatime: 1 << 24,
	lazytime: 1 << 25,
	defaults: 0,
};

/** Splits `nodev,metacopy=on` into what mount(2) takes as bits and what it takes as text. */
export function parseMountOptions(text: string | undefined): {
	readonly flags: number;
	readonly options: readonly string[];
} {
	let flags = 0;
	const options: string[] = [];
	for (const word of (text ?? '').split(',').map((part) => part.trim())) {
		const bit = flagBits[word];
		if (bit !== undefined) flags |= bit;
		else if (word !== '') options.push(word);
	}
	return { flags, options };
}
