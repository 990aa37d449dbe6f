/** Requests that no client would send, to every RPC: each is answered in words, and the runtime is as it was. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unmountBelow } from '../helpers/mounts.ts';
import { processSize } from '../helpers/pod-host.ts';
import { seededRandom } from '../helpers/random.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startServe } from '../helpers/serve.ts';
import { openTortureRig, type TortureRig, tortureImage } from '../helpers/torture-rig.ts';

const missing = whatIsMissing(
	'root',
	'runc',
	'conmon',
	'ip',
	'iptables',
	'/usr/lib/cni/bridge',
	'/bin/busybox',
);
const protoPath = fileURLToPath(new URL('../../proto/runtime/v1/api.proto', import.meta.url));
const requestsEach = Number(process.env['CRISCOPE_ODD_REQUESTS'] ?? 12);
const seed = Number(process.env['CRISCOPE_TORTURE_SEED'] ?? 594_811);

type Field = {
	readonly name: string;
	readonly type: string;
	readonly typeName: string;
	readonly label: string;
};
type Message = {
	readonly field: readonly Field[];
	readonly nestedType: readonly (Message & { name: string })[];
	readonly options?: { mapEntry?: boolean };
};

const definition = loadSync(protoPath, { keepCase: true, longs: String, enums: String });

/** Words that break what believes them. */
const oddTexts = [
	...[
		'',
		' ',
		'.',
		'..',
		'/',
		'//',
		'../../../etc/passwd',
		'/dev/null',
		'/proc/self/mem',
		'a\0b',
		'a\nb',
		'\u202e\u0007',
	],
	...[
		'x'.repeat(300),
		'y'.repeat(70_000),
		'{}',
		'null',
		'-1',
		'%s%n',
		'$(reboot)',
		'sha256:',
		`sha256:${'0'.repeat(64)}`,
	],
	...['0'.repeat(64), 'NaN', '٣', 'localhost:99999/x:y', tortureImage],
];
const oddNumbers = [
	'0',
	'1',
	'-1',
	'2147483647',
	'-2147483648',
	'9223372036854775807',
	'-9223372036854775808',
	'65536',
];

describe.skipIf(missing)(`odd requests${missing ?? ''}`, () => {
	let rig: TortureRig;
	beforeAll(async () => {
		rig = await openTortureRig('odd');
	});
	afterAll(() => rig?.close());

	const random = seededRandom(seed);
	const one = <Item>(items: readonly Item[]): Item | undefined => items[Math.floor(random() * items.length)];

	/** A value for a field, by its type; deep messages get thinner. */
	function oddValue(
		field: Field,
		messages: ReadonlyMap<string, Message>,
		ids: readonly string[],
		depth: number,
	): unknown {
		const single = (): unknown => {
			if (field.type === 'TYPE_MESSAGE') {
				const message = messages.get(field.typeName);
				return message === undefined ? {} : messageOf(message, messages, ids, depth + 1);
			}
			if (field.type === 'TYPE_STRING')
				return random() < 0.3 && /(^|_)id$/.test(field.name) ? one(ids) : one(oddTexts);
			if (field.type === 'TYPE_BOOL') return random() < 0.5;
			if (field.type === 'TYPE_BYTES') return Buffer.from(one(oddTexts) ?? '');
			if (field.type === 'TYPE_ENUM') return one([0, 1, 2, 3, 99, -1]);
			if (/DOUBLE|FLOAT/.test(field.type)) return one([0, -1, 1e308]);
			const number = one(oddNumbers) ?? '0';
			return /64/.test(field.type) ? number : Number(BigInt.asIntN(32, BigInt(number)));
		};
		if (field.label !== 'LABEL_REPEATED') return single();
		const message = messages.get(field.typeName);
		if (message?.options?.mapEntry === true) {
			return Object.fromEntries([
				[one(oddTexts) ?? '', one(oddTexts)],
				['ordinary', 'text'],
			]);
		}
		return Array.from({ length: Math.floor(random() * 3) }, single);
	}

	function messageOf(
		message: Message,
		messages: ReadonlyMap<string, Message>,
		ids: readonly string[],
		depth = 0,
	): Record<string, unknown> {
		const known = new Map([
			...messages,
			...message.nestedType.map((nested): [string, Message] => [nested.name, nested]),
		]);
		const share = depth === 0 ? 0.85 : depth < 4 ? 0.5 : 0;
		return Object.fromEntries(
			message.field.flatMap((field) =>
				random() < share ? [[field.name, oddValue(field, known, ids, depth)]] : [],
			),
		);
	}

	const messages = new Map(
		Object.entries(definition).flatMap(([name, known]): [string, Message][] =>
			'type' in known && 'field' in (known.type as object)
				? [[name.replace('runtime.v1.', ''), known.type as unknown as Message]]
				: [],
		),
	);

	/** Sends it, and reads to the end; a stream that lasts is left. @returns what was answered */
	function ask(
		client: grpc.Client,
		method: grpc.MethodDefinition<object, object>,
		request: object,
	): Promise<string> {
		return new Promise((resolve) => {
			const options = { deadline: Date.now() + (method.responseStream ? 1000 : 45_000) };
			const done = (error: unknown) => resolve(error ? String((error as Error).message) : 'OK');
			try {
				if (method.responseStream) {
					const stream = client.makeServerStreamRequest(
						method.path,
						method.requestSerialize,
						method.responseDeserialize,
						request,
						new grpc.Metadata(),
						options,
					);
					stream.on('data', () => undefined);
					stream.on('end', () => done(undefined));
					stream.on('error', done);
				} else {
					client.makeUnaryRequest(
						method.path,
						method.requestSerialize,
						method.responseDeserialize,
						request,
						new grpc.Metadata(),
						options,
						done,
					);
				}
			} catch (error) {
				// The client itself could not say it.
				resolve(`unsaid: ${error}`);
			}
		});
	}

	const services = ['runtime.v1.RuntimeService', 'runtime.v1.ImageService'] as const;

	test(`${requestsEach} to each RPC (seed ${seed})`, { timeout: 300_000 }, async () => {
		const pod = await rig.runPod('odd');
		const id = await rig.createContainer(pod, 'odd', 'main', 'trap "exit 0" TERM; sleep 1000 & wait');
		await rig.start(id);
		await rig.monitorsPlaced();
		const before = new Set(rig.leftovers());
		const pid = rig.serve.pid();
		const descriptors = processSize(pid).descriptors;
		const client = new grpc.Client(rig.serve.endpoint, grpc.credentials.createInsecure());
		const wrong: string[] = [];
		try {
			for (const service of services) {
				const methods = definition[service] as unknown as Readonly<
					Record<string, grpc.MethodDefinition<object, object>>
				>;
				for (const [name, method] of Object.entries(methods)) {
					const type = (method as unknown as { requestType: { type: Message } }).requestType.type;
					// What the test itself needs is not named by a whole id: it may be stopped by any of these.
					const ids = ['0'.repeat(64), 'g', pod.slice(0, 63).replace(/./, (c) => (c === '0' ? '1' : '0'))];
					const asked = Array.from({ length: requestsEach }, () => messageOf(type, messages, ids));
					for (let index = 0; index < asked.length; index += 8) {
						const said = await Promise.all(
							asked.slice(index, index + 8).map((request) => ask(client, method, request)),
						);
						for (const [offset, text] of said.entries()) {
							if (!/INTERNAL|fault of criscope|UNAVAILABLE|is not a function|undefined|Cannot /.test(text))
								continue;
							wrong.push(
								`${name} ${JSON.stringify(asked[index + offset]).slice(0, 600)}: ${text.slice(0, 300)}`,
							);
						}
					}
				}
			}
		} finally {
			client.close();
		}
		expect(wrong).toEqual([]);
		expect(rig.serve.pid()).toBe(pid);
		expect((await rig.status(id)).state).toBe('CONTAINER_RUNNING');
		// What was accepted after all is taken away as anything else.
		const { items } = await rig.serve.cri.runtime<{ items: { id: string }[] }>('ListPodSandbox');
		for (const { id: made } of items) if (made !== pod) await rig.removePod(made);
		await expect
			.poll(() => rig.leftovers().filter((line) => !before.has(line)), { timeout: 30_000 })
			.toEqual([]);
		await expect
			.poll(() => processSize(pid).descriptors, { timeout: 30_000 })
			.toBeLessThanOrEqual(descriptors + 10);
		await rig.removePod(pod);
		await rig.nothingLeft();
	});
});

test.skipIf(missing !== undefined || existsSync('/run/systemd/system'))(
	'the cgroup manager systemd is refused at once where systemd does not run',
	async () => {
		const dir = mkdtempSync('/var/tmp/criscope-odd-systemd-');
		const config = path.join(dir, 'runtime.conf');
		mkdirSync(path.join(dir, 'empty'));
		writeFileSync(config, '[crio.runtime]\ncgroup_manager = "systemd"\n');
		try {
			await expect(
				startServe({ dir, flags: ['--config', config, '--config-dir', path.join(dir, 'empty')] }),
			).rejects.toThrow(/cannot use cgroup_manager \\?"systemd\\?": systemd does not run on this machine/);
		} finally {
			await unmountBelow(dir);
			rmSync(dir, { recursive: true, force: true });
		}
	},
);
