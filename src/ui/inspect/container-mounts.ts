import type { Mount } from '../../cri/model.ts';
import type { JsonObject } from '../../cri/verbose-info.ts';
import type { Line } from '../theme/tokens.ts';
import { listAt, objectAt, textAt, textsAt } from './field.ts';
import type { Summary } from './summary.ts';

/** `host → container  ro, propagation …` as one reads it. */
function mountLine(mount: Mount): Line {
	const remarks = [
		mount.readonly ? (mount.recursiveReadOnly ? 'read-only, recursively' : 'read-only') : 'read-write',
	];
	if (mount.propagation === 'hostToContainer') remarks.push('host mounts appear in it');
	if (mount.propagation === 'bidirectional') remarks.push('mounts propagate both ways');
	if (mount.propagation === 'unknown') remarks.push('unknown propagation');
	if (mount.selinuxRelabel) remarks.push('relabelled for SELinux');
	const source = mount.image
		? `image ${mount.image.image}${mount.imageSubPath ? `, ${mount.imageSubPath}` : ''}`
		: mount.hostPath || '(nothing)';
	return [
		{ text: mount.containerPath, token: 'accent' },
		{ text: ` ← ${source}  ` },
		{ text: remarks.join(', '), token: 'muted' },
	];
}

/** Folders that every container gets from the runtime itself: of no use to a reader. */
const ordinary = /^\/(?:proc|dev|sys)(?:\/|$)/u;

function specMountLine(mount: JsonObject): Line | undefined {
	const destination = textAt(mount, 'destination');
	if (destination === undefined || ordinary.test(destination)) return undefined;
	const options = textsAt(mount, 'options').filter((option) => !/^(?:rbind|bind)$/u.test(option));
	return [
		{ text: destination, token: 'accent' },
		{ text: ` ← ${textAt(mount, 'source') ?? textAt(mount, 'type') ?? '?'}  ` },
		{ text: options.join(', '), token: 'muted' },
	];
}

/** The mounts that were asked for, then what the runtime added by itself, from the OCI spec. */
export function writeMounts(
	out: Summary,
	mounts: readonly Mount[] | undefined,
	info: JsonObject | undefined,
): void {
	const asked = new Set(mounts?.map(({ containerPath }) => containerPath));
	out.section('Mounts');
	for (const mount of mounts ?? []) out.item(mountLine(mount));
	for (const item of listAt(objectAt(info, 'runtimeSpec'), 'mounts')) {
		const mount = objectAt(item);
		if (!mount || asked.has(textAt(mount, 'destination') ?? '')) continue;
		const line = specMountLine(mount);
		if (line) out.item(line);
	}
}
