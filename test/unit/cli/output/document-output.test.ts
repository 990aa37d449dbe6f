import { Writable } from 'node:stream';
import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { documentOutput, documentText, listFormats } from '../../../../src/cli/output/document-output.ts';
import { goJson } from '../../../../src/cli/output/go-json.ts';
import { goTime, rfc3339Nano } from '../../../../src/cli/output/go-time.ts';
import { humanDuration } from '../../../../src/cli/output/human-duration.ts';
import { mapLines, paragraph } from '../../../../src/cli/output/paragraph.ts';
import { printAgain, screenText, watchIntervalMs } from '../../../../src/cli/output/watch.ts';

const pipe = { stdoutIsTerminal: false };

describe('-o', () => {
	const read = (output?: string, template?: string) =>
		documentOutput({ output, template }, 'table', listFormats);

	test('the forms there are', () => {
		expect(read().format).toBe('table');
		for (const format of ['table', 'wide', 'json', 'yaml']) expect(read(format).format).toBe(format);
		expect(read('go-template', '{{.}}').format).toBe('go-template');
		expect(read(undefined, '{{.}}').format).toBe('go-template');
		expect(read('go-template={{.}}').format).toBe('go-template');
		expect(documentOutput({ output: undefined }, 'json', []).format).toBe('json');
	});

	test.each([
		['xml', undefined, /unknown output "xml"; there are table, wide, json, yaml, go-template/],
		['go-template', undefined, /needs --template TEMPLATE/],
		['json', '{{.}}', /a template does not go with -o json/],
		['go-template', '{{', /is not closed/],
	])('-o %s --template %s is refused', (output, template, sentence) => {
		expect(() => read(output, template)).toThrow(sentence);
	});

	test('a form that a verb does not have is refused by it', () => {
		expect(() => documentOutput({ output: 'wide' }, 'json', ['table'])).toThrow(
			/unknown output "wide"; there are table, json/,
		);
		expect(() => documentOutput({ output: 'table' }, 'json', [])).toThrow(
			/unknown output "table"; there are json/,
		);
	});

	test('a template is filled with the document, and cannot reach the terminal with what is in it', async () => {
		const output = read('go-template', '{{.name}}');
		const document = { name: '\x1b[2Jx' };
		expect(await documentText(document, output, pipe)).toBe('\x1b[2Jx\n');
		expect(await documentText(document, output, { stdoutIsTerminal: true })).toBe('␛[2Jx\n');
	});
});

test.each([
	[0n, 'Less than a second'],
	[1n, '1 second'],
	[59n, '59 seconds'],
	[60n, 'About a minute'],
	[119n, 'About a minute'],
	[120n, '2 minutes'],
	[3599n, '59 minutes'],
	[3600n, 'About an hour'],
	[5400n, '2 hours'],
	[47n * 3600n, '47 hours'],
	[48n * 3600n, '2 days'],
	[14n * 86_400n, '2 weeks'],
	[60n * 86_400n, '2 months'],
	[730n * 86_400n, '2 years'],
])('%s s ago: %s', (seconds, text) => {
	expect(humanDuration(seconds * 1_000_000_000n)).toBe(text);
});

test('times as Go prints them, whatever the zone', () => {
	const nanos = 1_795_373_500_787_722_520n;
	expect(rfc3339Nano(nanos)).toMatch(/^2026-11-2\dT\d\d:\d\d:40\.78772252(Z|[+-]\d\d:\d\d)$/);
	expect(new Date(rfc3339Nano(nanos)).getTime()).toBe(1_795_373_500_787);
	expect(rfc3339Nano(1_795_373_500_000_000_000n)).not.toContain('.');
	expect(goTime(nanos)).toMatch(/^2026-11-2\d \d\d:\d\d:40\.78772252 [+-]\d{4} \S+$/);
	expect(rfc3339Nano(-1n)).toMatch(/\.999999999/);
});

test('Go leaves out what is empty, and writes names as the definition does', () => {
	const handlers = [
		{ name: '', features: { recursiveReadOnlyMounts: true, userNamespaces: false } },
		{ name: 'runc', features: {} },
	];
	expect(goJson(handlers)).toEqual([
		{ features: { recursive_read_only_mounts: true } },
		{ name: 'runc', features: {} },
	]);
});

test('no value breaks its line', () => {
	expect(paragraph([['ID', 'a\nb\x1b'], undefined, ['N', 1]])).toBe('ID: a↵b␛\nN: 1\n');
	expect(mapLines('Labels', { b: '1', 'a\n': '2' })).toBe('Labels:\n\ta↵ -> 2\n\tb -> 1\n');
	expect(mapLines('Labels', {})).toBe('');
});

describe('--watch', () => {
	function collect() {
		const chunks: string[] = [];
		const stdout = new Writable({
			write(chunk: Buffer, _encoding, done) {
				chunks.push(chunk.toString());
				done();
			},
		});
		return { stdout, chunks };
	}

	async function watched(inPlace: boolean, stdoutIsTerminal: boolean, TERM = 'xterm'): Promise<string> {
		const ending = new AbortController();
		const { stdout, chunks } = collect();
		let round = 0;
		await printAgain(
			{
				stdout,
				stdoutIsTerminal,
				env: { TERM },
				terminalSize: () => ({ columns: 5, rows: 3 }),
				signal: ending.signal,
			},
			{ intervalMs: 1, inPlace },
			async () => {
				await tick();
				if (++round === 2) ending.abort();
				return `${round}: long\nb\nc\n`;
			},
		);
		return chunks.join('');
	}

	test('in place on a terminal, cut to what fits', async () => {
		const screen = (round: number) => `\x1b[H${round}: l…\x1b[K\nb\x1b[K\n\x1b[J`;
		expect(await watched(true, true)).toBe(screen(1) + screen(2));
	});

	test('one block after the other elsewhere, without escape codes', async () => {
		expect(await watched(true, false)).toBe('1: long\nb\nc\n\n2: long\nb\nc\n');
		expect(await watched(true, true, 'dumb')).toBe('1: long\nb\nc\n\n2: long\nb\nc\n');
		expect(await watched(false, true)).toBe('1: long\nb\nc\n2: long\nb\nc\n');
	});

	test('once where nobody watches; what fails is thrown', async () => {
		const { stdout, chunks } = collect();
		const context = {
			stdout,
			stdoutIsTerminal: true,
			env: { TERM: 'xterm' },
			terminalSize: () => undefined,
			signal: new AbortController().signal,
		};
		await printAgain(context, { intervalMs: undefined, inPlace: true }, async () => 'x\n');
		expect(chunks).toEqual(['x\n']);
		const failing = async () => {
			throw new Error('gone');
		};
		await expect(printAgain(context, { intervalMs: 1, inPlace: true }, failing)).rejects.toThrow('gone');
	});

	test('intervals', () => {
		expect(watchIntervalMs({ watch: false, interval: undefined })).toBeUndefined();
		expect(watchIntervalMs({ watch: true, interval: undefined })).toBe(2000);
		expect(() => watchIntervalMs({ watch: false, interval: 1000 })).toThrow(/goes with --watch/);
		expect(() => watchIntervalMs({ watch: true, interval: 1 })).toThrow(/100ms or more/);
		expect(screenText('a\n', { columns: 9, rows: 9 })).toBe('\x1b[Ha\x1b[K\n\x1b[J');
	});
});
