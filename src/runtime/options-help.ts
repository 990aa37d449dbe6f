/** Text of `criscope serve --help`. */
export const serveHelpText = `Usage: criscope serve [flags]

Serves the CRI (pods, containers and images; beside it pulls with progress, push, load, save and tag) on a unix socket.
Podman and CRI-O on this machine share its store. Needs root. Ends with SIGTERM, after the calls under way; containers
run on. SIGHUP reads the configuration anew. Flags win over the files.

  --config FILE              instead of /etc/criscope/runtime.conf (docs/runtime-configuration.md)
  --config-dir DIR           drop-ins, instead of /etc/criscope/runtime.conf.d
  --idle-exit DURATION       end when no client was connected and no pod was ready for so long, as in 10m
  --own-cgroup               leave the control groups of the session that starts it, so as to outlive it
  --listen ENDPOINT          unix socket to listen on (unix:///run/criscope/criscope.sock)
  --root DIR                 store of images (storage.conf, else /var/lib/containers/storage)
  --runroot DIR              what of the store is lost at a reboot (storage.conf, else /run/containers/storage)
  --storage-driver NAME      overlay or vfs (storage.conf, else what the store has and the filesystem can)
  --storage-conf FILE        instead of /etc/containers/storage.conf
  --registries-conf FILE     instead of /etc/containers/registries.conf
  --registries-conf-dir DIR  instead of /etc/containers/registries.conf.d
  --signature-policy FILE    instead of /etc/containers/policy.json
  --authfile FILE            logins, instead of auth.json and docker's config.json
  --layer-limit SIZE         largest layer to unpack, uncompressed (64GiB)
  --log-level LEVEL          debug, info, warn or error (info)
  --log-format FORMAT        json or text (text on a terminal, json elsewhere)
  -h, --help                 this text
`;
