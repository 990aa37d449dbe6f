/** Programs of others that judge the runtime, found where a person puts them; nothing installs them. */
import { existsSync } from 'node:fs';

/** Where a judge may lie: `$CRITEST`, `$CRICTL` or `$PODMAN5`, the PATH, then the folder that this project's people use. */
export function findJudge(name: 'crictl' | 'critest' | 'podman5'): string | undefined {
	const named = process.env[name.toUpperCase()];
	if (named) return named;
	const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/bin', '/usr/bin', '/tmp/tools'];
	return folders.map((folder) => `${folder}/${name}`).find((file) => existsSync(file));
}
