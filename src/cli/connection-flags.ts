import type { FlagSpecs, FlagValues } from './flags.ts';

/** Flags of every verb, before it or after it. A verb's own flag of the same letter goes first. */
export const connectionFlags = {
	'runtime-endpoint': {
		kind: 'text',
		short: 'r',
		value: 'ENDPOINT',
		help: 'unix:///path, tcp://host:port or a path [CONTAINER_RUNTIME_ENDPOINT]',
	},
	'image-endpoint': {
		kind: 'text',
		short: 'i',
		value: 'ENDPOINT',
		help: 'where images are served, if elsewhere [IMAGE_SERVICE_ENDPOINT]',
	},
	config: {
		kind: 'text',
		short: 'c',
		value: 'FILE',
		help: "crictl's configuration; a name that ends in .toml is criscope's own",
	},
	timeout: {
		kind: 'duration',
		short: 't',
		value: 'DURATION',
		help: 'how long a quick question may take, such as 5s',
	},
	help: { kind: 'switch', short: 'h', help: 'this text' },
} as const satisfies FlagSpecs;

/** Where and how to connect, from whichever side of the verb it was written on. */
export type ConnectionFlags = FlagValues<typeof connectionFlags>;
