import { verbList } from './cli/run-verb.ts';

/** What --help prints. */
export function helpText(): string {
	return `criscope: a terminal inspector for Kubernetes nodes over any CRI socket

Usage: criscope [flags]
       criscope [flags] COMMAND [flags] [arguments]

Without a command it finds the runtime's socket and opens the inspector; press ? there for the keys.
Where input or output is no terminal it prints one plain snapshot of the node and exits.

Commands, with crictl's flags and output; criscope COMMAND --help says more:
${verbList()}  banner       Say in a few lines how this node is, also at each login (--install)
  serve        Run the embedded runtime: the CRI on a unix socket
  help         This text, or that of a command

Flags of the inspector and of every command:
  -r, --runtime-endpoint ENDPOINT  unix:///path, tcp://host:port, a path or embedded
                                   [CONTAINER_RUNTIME_ENDPOINT, /etc/crictl.yaml, well-known sockets]
  -i, --image-endpoint ENDPOINT    where images are served, if elsewhere [IMAGE_SERVICE_ENDPOINT]
      --config FILE                configuration [~/.config/criscope/config.toml, /etc/criscope/config.toml];
                                   for a command also crictl's, by any name that does not end in .toml
  -h, --help                       this text
  -v, --version                    the version

Flags of the inspector:
      --read-only                  disable everything that changes the node
      --theme NAME                 auto, dark, light, mono or ansi16
      --ascii                      draw with ASCII characters only
      --mouse                      turn the mouse on
      --once                       print one plain snapshot and exit
      --json                       print one snapshot as JSON and exit
      --plain                      a linear mode for screen readers and serial lines; TERM=dumb gets it too

Exit codes: 0 left in order, 1 failed, 64 wrong arguments, 70 a fault of ours, 128+N ended by signal N.
`;
}
