/** docs/runtime-configuration.md's table of keys, made from the keys themselves. */
import { actingKeys } from './acting-keys.ts';

const titles: ReadonlyMap<string, string> = new Map([
	['crio', 'The store'],
	['crio.api', 'The sockets'],
	['crio.stats', 'Measurements'],
	['crio.runtime', 'Containers'],
	['crio.runtime.runtimes.*', 'OCI runtimes, one table a handler'],
	['crio.image', 'Images'],
	['crio.network', 'Networks'],
	['crio.metrics', 'Metrics'],
]);

/** The whole document. @param before what stands above the keys, written by hand */
export function runtimeConfigurationText(before: string): string {
	const tables = Map.groupBy(actingKeys, ({ table }) => table);
	const sections = [...tables].map(([table, keys]) =>
		[
			`### [${table.replace('*', 'NAME')}]: ${titles.get(table) ?? table}`,
			'| key | value | without it | what it does |',
			'|---|---|---|---|',
			...keys.map((key) => {
				if (key.acts !== 'reload' && key.acts !== 'restart') return '';
				const mark = key.acts === 'restart' ? ' ⟳' : '';
				return `| \`${key.key}\`${mark} | ${cell(key.kind.name)} | ${cell(key.default)} | ${cell(key.doc)} |`;
			}),
			'',
		].join('\n'),
	);
	return `${before.trimEnd()}\n\n${sections.join('\n')}`;
}

function cell(text: string): string {
	return text.replaceAll('|', '\\|');
}
