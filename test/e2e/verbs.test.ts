import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { ContainerdAccess } from '../helpers/containerd.ts';
import type { WireMessage } from '../helpers/cri-wire.ts';
import { buildImage, busyboxLayer } from '../helpers/image-archive.ts';
import { containerdRequirements, whatIsMissing } from '../helpers/requires.ts';
import { type Ran, runCriscope } from '../helpers/run-criscope.ts';
import { sharedContainerd } from '../helpers/shared-containerd.ts';
import { startTui } from '../helpers/tui.ts';

const missing = whatIsMissing(...containerdRequirements);

/** An answer of the independent client in the protocol's JSON names; what is absent left out, as crictl does. */
function protocolJson(value: unknown, mapKeys = false): unknown {
	if (Array.isArray(value)) return value.map((item) => protocolJson(item));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value)
			.filter(([, field]) => field !== null)
			.map(([name, field]) => {
				const key = mapKeys ? name : name.replace(/_(\w)/gu, (_, letter: string) => letter.toUpperCase());
				return [key, protocolJson(field, key === 'annotations' || key === 'info')];
			}),
	);
}

describe.skipIf(missing !== undefined)(`image verbs on containerd${missing ?? ''}`, () => {
	let containerd: ContainerdAccess;
	const pulled: string[] = [];

	beforeAll(() => {
		containerd = sharedContainerd();
	});
	afterAll(async () => {
		// The containerd is shared: other tests' lists must not show what came here.
		for (const image of pulled) await containerd.cri.image('RemoveImage', { image: { image } });
	});

	function criscope(...args: readonly string[]): Promise<Ran> {
		return runCriscope(['-r', containerd.endpoint, ...args]);
	}

	/** An image that nobody has had before, in the registry. */
	async function fresh(): Promise<string> {
		const id = randomUUID();
		const labels = { fresh: id };
		await containerd.registry.push(`verbs/${id}`, '1', buildImage({ layers: [busyboxLayer()], labels }));
		const name = `registry.example.com/verbs/${id}:1`;
		pulled.push(name);
		return name;
	}

	async function imageOf(name: string): Promise<WireMessage & { readonly id: string }> {
		const { image } = await containerd.cri.image<{ image: (WireMessage & { id: string }) | null }>(
			'ImageStatus',
			{
				image: { image: name },
			},
		);
		if (image === null) throw new Error(`the runtime has no image "${name}"`);
		return image;
	}

	test('pull, list, inspect and remove, each with its result alone on stdout', async () => {
		const name = await fresh();
		const first = await criscope('pull', name);
		const { id } = await imageOf(name);
		expect(first).toMatchObject({ exitCode: 0, stdout: `Image is up to date for ${id}\n` });
		expect(first.stderr).toMatch(/^Pulling .*: this runtime tells no progress\nPulled \S+ in \d+s\n$/);
		expect(await criscope('pull', '-q', name)).toEqual({ exitCode: 0, stdout: `${id}\n`, stderr: '' });
		const [repository, tag] = name.split(/:(?=[^:]*$)/);
		const { stdout } = await criscope('images');
		expect(stdout.split('\n')[0]).toMatch(/^IMAGE +TAG +IMAGE ID +SIZE$/);
		expect(stdout).toMatch(new RegExp(`^${repository} +${tag} +${id.slice(7, 20)} +\\d.*MB$`, 'm'));
		expect((await criscope('images', '-q', name)).stdout).toBe(`${id}\n`);
		expect(await criscope('rmi', name, name)).toMatchObject({ exitCode: 0, stdout: `Deleted: ${name}\n` });
		await expect(imageOf(name)).rejects.toThrow('has no image');
		expect(await criscope('rmi', name)).toMatchObject({
			exitCode: 1,
			stderr: `criscope: cannot remove image "${name}": there is no such image\n`,
		});
	});

	test('JSON is what an independent client gets, field for field', async () => {
		const name = await fresh();
		await criscope('pull', name);
		const { images } = await containerd.cri.image<{ images: readonly WireMessage[] }>('ListImages');
		const listed = JSON.parse((await criscope('images', '-o', 'json')).stdout) as {
			images: readonly unknown[];
		};
		const byId = (list: readonly unknown[]) =>
			list.toSorted((a, b) => ((a as { id: string }).id < (b as { id: string }).id ? -1 : 1));
		expect(byId(listed.images)).toEqual(byId(images.map((image) => protocolJson(image))));
		const yaml = await criscope('images', '-o', 'yaml');
		expect(yaml.exitCode, yaml.stderr).toBe(0);
		expect(byId(parse(yaml.stdout).images)).toEqual(byId(listed.images));
		const status = await containerd.cri.image<{ image: WireMessage; info: Readonly<Record<string, string>> }>(
			'ImageStatus',
			{ image: { image: name }, verbose: true },
		);
		expect(JSON.parse((await criscope('inspecti', name)).stdout)).toEqual({
			status: protocolJson(status.image),
			...Object.fromEntries(Object.entries(status.info).map(([key, text]) => [key, JSON.parse(text)])),
		});
		const usage = JSON.parse((await criscope('imagefsinfo')).stdout) as {
			status: { imageFilesystems: readonly { fsId: unknown }[] };
		};
		const told = await containerd.cri.image<{ image_filesystems: readonly WireMessage[] }>('ImageFsInfo');
		expect(usage.status.imageFilesystems.map(({ fsId }) => fsId)).toEqual(
			told.image_filesystems.map(({ fs_id }) => fs_id),
		);
		expect(Object.keys(usage.status)).toEqual(['containerFilesystems', 'imageFilesystems']);
	});

	test('several images: one fails in one sentence, the others come', async () => {
		const name = await fresh();
		const gone = `registry.example.com/verbs/${randomUUID()}:1`;
		const ran = await criscope('pull', '-o', 'json', gone, name);
		expect(ran.exitCode).toBe(1);
		expect(ran.stderr).toContain(`criscope: cannot pull image "${gone}": registry.example.com has no verbs/`);
		const { id } = await imageOf(name);
		expect(JSON.parse(ran.stdout)).toMatchObject([{ image: gone }, { image: name, imageId: id }]);
	});

	test('what only our own runtime can is refused in a sentence', async () => {
		for (const args of [['push', 'x'], ['tag', 'x', 'y'], ['untag', 'x'], ['load'], ['save', 'x']]) {
			const { exitCode, stdout, stderr } = await criscope(...args);
			expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
			expect(stderr).toMatch(/^criscope: this runtime cannot [^\n]*: it speaks the CRI only; [^\n]*\n$/);
		}
	});

	test('a pull on a terminal shows how long it takes, and leaves one line', async () => {
		const name = await fresh();
		await using tui = startTui({ args: ['pull', '-r', containerd.endpoint, name], columns: 120, rows: 10 });
		expect(await tui.exit).toMatchObject({ exitCode: 0 });
		const { id } = await imageOf(name);
		expect(tui.screen().trimEnd()).toMatch(
			new RegExp(`^Pulled ${name} in \\d+s\nImage is up to date for ${id}$`),
		);
		expect(tui.output().toString()).toContain('(this runtime tells no progress)');
		expect(tui.modes().cursorHidden).toBe(false);
	});
});

describe('verbs without a runtime', () => {
	test.each([
		[['imags'], 64, /^criscope: unknown command "imags" \(did you mean "images"\?\)\n$/],
		[['images', '--nope'], 64, /^criscope: unknown flag "--nope"/],
		[['--plain', 'images'], 64, /^criscope: flag "--plain" is for the inspector only/],
		[
			['-r', '/nowhere/x.sock', 'images'],
			1,
			/^criscope: cannot list images: nothing is at unix:\/\/\/nowhere/,
		],
	] as const)('%j', async (args, exitCode, sentence) => {
		const ran = await runCriscope(args);
		expect(ran).toMatchObject({ exitCode, stdout: '' });
		expect(ran.stderr).toMatch(sentence);
	});

	test('help is printed where it is asked for', async () => {
		for (const args of [['help'], ['--help'], ['help', 'pull'], ['pull', '--help']]) {
			const { exitCode, stdout } = await runCriscope(args);
			expect(exitCode).toBe(0);
			expect(stdout).toMatch(/^(criscope: a terminal inspector|Usage: criscope pull \[flags\] IMAGE…)/);
		}
	});
});
