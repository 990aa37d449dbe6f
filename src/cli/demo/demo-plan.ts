/** What the demo consists of, as data: names, programs, limits. How it is started is start-demo.ts. */

/** Annotation of a pod that answers on the host: where. */
export const demoUrlAnnotation = 'io.criscope.demo.url';
/** The Kubernetes namespace of its pods. */
export const demoNamespace = 'demo';
/** Folder of the host with one folder of logs for each pod. */
export const demoLogRoot = '/var/log/criscope-demo';

/** One pod with one container, and the image made for it. */
export type DemoPod = {
	readonly name: string;
	readonly container: string;
	/** Full name of its image. */
	readonly image: string;
	/** The image's one program of its own, `/demo`. */
	readonly script: string;
	/** Further files of the image, by path without a leading slash. */
	readonly files?: Readonly<Record<string, string>> | undefined;
	/** `uid:gid` the image asks for; '' for root. */
	readonly user: string;
	readonly memoryLimitBytes: bigint;
	/** Port in the pod that is to answer on a port of the host. */
	readonly containerPort?: number | undefined;
	/** True where the program ends by itself. */
	readonly ends: boolean;
	/** How often the container is made anew; above 1 for what a kubelet would restart. */
	readonly attempts: number;
};

const nobody = '65534:65534';
const mebibyte = 1024n * 1024n;
const imageOf = (name: string) => `localhost/criscope-demo/${name}:1`;

/** The first process of a pod gets no default SIGTERM, so each program that lasts says what it does on one. */
const webScript = `#!/bin/sh
httpd -f -vv -p 8080 -h /www &
trap 'kill $!; echo "bye"; exit 0' TERM
echo "serving /www on port 8080"
wait $!
`;

const page = `<!doctype html>
<title>criscope demo</title>
<h1>It works</h1>
<p>This page comes from a container that <code>criscope demo</code> started.</p>
`;

const loggerScript = `#!/bin/sh
trap 'exit 0' TERM
say() {
	printf '{"time":"%s","level":"%s","msg":"%s","order":%d}\\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2" "$order"
}
order=1000
while :; do
	order=$((order + 1))
	say info "order received"
	case $((order % 10)) in
		3) say debug "the customer is known" ;;
		6) say warn "payment took 1.8 s" ;;
		9) say error "stock is not reachable, next try in 1 s" >&2 ;;
	esac
	sleep 1 &
	wait $!
done
`;

const crashScript = `#!/bin/sh
echo "reading /etc/app.conf"
echo "fatal: /etc/app.conf: no such file" >&2
exit 1
`;

const hungryScript = `#!/bin/sh
echo "reading the whole catalogue into memory"
exec tail /dev/zero
`;

const jobScript = `#!/bin/sh
for part in one two three; do
	echo "part $part done"
done
echo "all parts done"
`;

/** The pods, in the order in which they are started. */
export const demoPods: readonly DemoPod[] = [
	{
		name: 'web',
		container: 'web',
		image: imageOf('web'),
		script: webScript,
		files: { 'www/index.html': page },
		user: nobody,
		memoryLimitBytes: 64n * mebibyte,
		containerPort: 8080,
		ends: false,
		attempts: 1,
	},
	{
		name: 'chatty-logger',
		container: 'logger',
		image: imageOf('logger'),
		script: loggerScript,
		user: nobody,
		memoryLimitBytes: 64n * mebibyte,
		ends: false,
		attempts: 1,
	},
	{
		name: 'crash-loop',
		container: 'app',
		image: imageOf('crash'),
		script: crashScript,
		user: nobody,
		memoryLimitBytes: 64n * mebibyte,
		ends: true,
		attempts: 2,
	},
	{
		name: 'memory-hog',
		container: 'hog',
		image: imageOf('hog'),
		script: hungryScript,
		user: nobody,
		memoryLimitBytes: 32n * mebibyte,
		ends: true,
		attempts: 1,
	},
	{
		name: 'finished-job',
		container: 'job',
		image: imageOf('job'),
		script: jobScript,
		user: '',
		memoryLimitBytes: 64n * mebibyte,
		ends: true,
		attempts: 1,
	},
];
