import { expect, test } from 'vitest';
import { helpOfVerb, verbList } from '../../../src/cli/run-verb.ts';
import { UsageError } from '../../../src/cli/usage-error.ts';
import { verbs } from '../../../src/cli/verbs.ts';
import { fakeImage, run } from './verb-host.ts';

test.each(verbs.filter(({ hidden }) => hidden !== true).map((verb) => [verb.name, verb] as const))(
	'%s is told of in one table and its help',
	(name, verb) => {
		expect(verbList()).toContain(`  ${name} `);
		const help = helpOfVerb(name);
		expect(help).toContain(`Usage: criscope ${name} [flags]`);
		const shown = Object.entries(verb.flags).filter(([, { hidden }]) => hidden !== true);
		for (const [flag] of shown) expect(help).toContain(`--${flag}`);
		for (const line of help.split('\n')) expect(line.length).toBeLessThanOrEqual(132);
		expect(verb.summary).toMatch(/^[A-Z].*[^.]$/);
	},
);

test('no name, alias or letter means two things', () => {
	const names = verbs.flatMap(({ name, aliases }) => [name, ...aliases]);
	expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
	for (const { flags } of verbs) {
		const letters = Object.values(flags).flatMap(({ short }) => (short === undefined ? [] : [short]));
		expect(letters.filter((letter, index) => letters.indexOf(letter) !== index)).toEqual([]);
	}
});

test.each([
	[['imags'], /unknown command "imags" \(did you mean "images"\?\)/],
	[['frobnicate'], /unknown command "frobnicate"; criscope help lists/],
	[['images', 'a', 'b'], /images takes no more than \[REPOSITORY\[:TAG\]\]; usage: /],
	[['imagefsinfo', 'x'], /imagefsinfo takes no arguments/],
	[['pull'], /pull needs IMAGE…; usage: criscope pull/],
	[['tag', 'a'], /tag needs IMAGE NAME…/],
	[['rmi'], /rmi needs an IMAGE, --all or --prune/],
	[['rmi', '-aq'], /not both/],
	[['images', '--filter', 'x'], /unknown filter "x"/],
	[['images', '-o', 'xml'], /unknown output "xml"/],
	[['inspecti', '-o', 'go-template', 'y'], /output by go-template needs --template TEMPLATE/],
	[['inspecti', '--template', '{{template "x"}}', 'y'], /\{\{template\}\} is not known here/],
	[['inspecti', '-o', 'json', '--template', 'x', 'y'], /a template does not go with -o json/],
	[['inspecti', '--name', 'x', 'y'], /either IMAGE… or --name/],
	[['pull', '--platform', 'amd64', 'x'], /--platform is os\/architecture/],
	[['pull', '--creds', 'a:b', '--auth', 'YTpi', 'x'], /give one of --creds, --auth and --username/],
	[['pull', '--auth', '%%%', 'x'], /--auth is base64/],
	[['pull', '-a', 'x', 'y'], /--annotation is KEY=VALUE, not "x"/],
	[['pull', '--pod-config', '/nowhere', 'y'], /cannot read pod configuration "\/nowhere": no such file/],
	[['push', '--format', 'docker', '--compression', 'zstd', 'x'], /knows gzip only/],
	[['save', '--format', 'oci-dir', 'x'], /oci-dir needs a directory/],
	[['load', '-i', '-', '-'], /standard input can be read once/],
	[['load', '-n', 'x', 'a', 'b'], /--name goes with a single archive/],
] as const)('%j is refused before a runtime is looked for', async (args, sentence) => {
	const failed = run(args, { connect: () => Promise.reject(new Error('a runtime was looked for')) });
	await expect(failed).rejects.toThrow(UsageError);
	await expect(failed).rejects.toThrow(sentence);
});

test('an archive neither goes to a terminal nor comes from one', async () => {
	await expect(run(['save', 'x'], { stdoutIsTerminal: true })).rejects.toThrow(
		/not write an archive to a terminal/,
	);
	await expect(run(['load'], { stdinIsTerminal: true })).rejects.toThrow(/standard input is a terminal/);
});

test('flags of the connection count on both sides of the verb, the later one more', async () => {
	const seen: unknown[] = [];
	const connect: NonNullable<Parameters<typeof run>[1]>['connect'] = (flags) => {
		seen.push([flags['runtime-endpoint'], flags.timeout]);
		return Promise.reject(new Error('enough'));
	};
	await expect(run(['images'], { connect, before: ['-r', '/a', '-t', '2s'] })).rejects.toThrow('enough');
	await expect(run(['images', '-r', '/b'], { connect, before: ['-r', '/a'] })).rejects.toThrow('enough');
	expect(seen).toEqual([
		['/a', 2000],
		['/b', undefined],
	]);
});

test('the help of a verb needs no runtime', async () => {
	const connect = () => Promise.reject(new Error('a runtime was looked for'));
	const { exitCode, stdout } = await run(['pull', '--help'], { connect });
	expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: helpOfVerb('pull') });
});

test('an alias is the verb', async () => {
	const images = { listImages: async () => [fakeImage('sha256:aa', ['example.com/a:1'])] };
	expect((await run(['img', '-q'], { services: { images } })).stdout).toBe('sha256:aa\n');
});
