/** Whether a mount of the host passes mounts on. Source: mount_namespaces(7), proc_pid_mountinfo(5). */

/** A mount of the host's. */
export type HostMount = {
	readonly mountPoint: string;
	/** A peer group: mounts made here show elsewhere and the other way round. */
	readonly isShared: boolean;
	/** Mounts made in the master show here. */
	readonly isSlave: boolean;
};

/** Of a /proc/PID/mountinfo. A later line for the same place is the mount on top. */
export function parseMountinfo(text: string): readonly HostMount[] {
	return text
		.split('\n')
		.filter((line) => line !== '')
		.map((line) => {
			const fields = line.split(' ');
			const end = fields.indexOf('-', 6);
			const optional = fields.slice(6, end < 0 ? undefined : end);
			return {
				mountPoint: unescaped(fields[4] ?? ''),
				isShared: optional.some((field) => field.startsWith('shared:')),
				isSlave: optional.some((field) => field.startsWith('master:')),
			};
		});
}

/** Blanks, tabs, line ends and backslashes stand there in octal. */
function unescaped(text: string): string {
	if (!text.includes('\\')) return text;
	const bytes = text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
		String.fromCharCode(Number.parseInt(octal, 8)),
	);
	return bytes;
}

/** The mount that a path of the host lies on. */
export function mountOf(file: string, mounts: readonly HostMount[]): HostMount | undefined {
	let found: HostMount | undefined;
	for (const mount of mounts) {
		const top = mount.mountPoint === '/' ? '/' : `${mount.mountPoint}/`;
		if (file !== mount.mountPoint && !file.startsWith(top)) continue;
		if (found === undefined || mount.mountPoint.length >= found.mountPoint.length) found = mount;
	}
	return found;
}
