/** How pull-from-mirror restricts a mirror. */
export type MirrorUse = 'all' | 'digest-only' | 'tag-only';

/** What happens to a short name that may stand for several images. */
export type ShortNameMode = 'enforcing' | 'permissive' | 'disabled';

/** One [[registry.mirror]]. */
export type MirrorConf = {
	readonly location: string;
	readonly insecure: boolean;
	readonly use: MirrorUse;
};

/** One [[registry]]. */
export type RegistryConf = {
	/** `example.com/team` or `*.example.com`; never empty. */
	readonly prefix: string;
	/** Empty for a `*.` prefix that rewrites nothing. */
	readonly location: string;
	readonly insecure: boolean;
	readonly blocked: boolean;
	readonly mirrors: readonly MirrorConf[];
};

/** An alias, with the file that says so. An empty target takes back an alias of an earlier file. */
export type Alias = { readonly target: string; readonly origin: string };

/** What one file of registries.conf says; undefined where it is silent. */
export type ConfFile = {
	readonly path: string;
	readonly searchRegistries: readonly string[] | undefined;
	readonly shortNameMode: ShortNameMode | undefined;
	readonly credentialHelpers: readonly string[] | undefined;
	readonly aliases: ReadonlyMap<string, string>;
	readonly registries: readonly RegistryConf[];
	/** Keys that mean nothing here, with their place: `registry[0].loction`. */
	readonly unknownKeys: readonly string[];
};

/** All files merged. */
export type RegistriesConf = {
	readonly searchRegistries: readonly string[];
	/** The file that named them; undefined where there is no file at all. */
	readonly searchOrigin: string | undefined;
	readonly shortNameMode: ShortNameMode;
	/** `containers-auth.json` stands for the files. */
	readonly credentialHelpers: readonly string[];
	readonly aliases: ReadonlyMap<string, Alias>;
	/** Each prefix once. */
	readonly registries: readonly RegistryConf[];
};
