/** A key of the configuration, as data. */
import type { KeyKind } from './key-kinds.ts';

/** `crio.runtime.runtimes.*` and `crio.runtime.workloads.*` stand for a table of any name. */
export type ConfigKey = {
	readonly table: string;
	readonly key: string;
	readonly kind: KeyKind;
} & (
	| {
			/** `reload`: counts from the next SIGHUP on; `restart`: is read once. */
			readonly acts: 'reload' | 'restart';
			/** What holds without it, as the documentation writes it. */
			readonly default: string;
			readonly doc: string;
	  }
	/** crio.conf has it, and it changes nothing here: who sets it is told why. */
	| { readonly acts: 'never'; readonly why: string }
	/** Passing it over would be dangerous: any value but these is refused. */
	| { readonly acts: 'refused'; readonly harmless: readonly unknown[]; readonly why: string }
);

/** Its name with that of its table. */
export function pathOfKey({ table, key }: Pick<ConfigKey, 'table' | 'key'>): string {
	return `${table}.${key}`;
}
