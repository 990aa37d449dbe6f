/**
 * The validation suite of cri-tools, run against `criscope serve`. It takes minutes and changes the host while it runs, so it
 * runs where it is asked for: CRISCOPE_CRITEST=1 (test/README.md). Each spec that does not pass stands here with its reason.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import {
	critestImageRequirements,
	critestRegistriesConf,
	pushCritestImages,
} from '../helpers/critest-images.ts';
import { findJudge } from '../helpers/judges.ts';
import { startRegistry } from '../helpers/registry.ts';
import { whatIsMissing } from '../helpers/requires.ts';
import { startServe } from '../helpers/serve.ts';

const critest = findJudge('critest');
const missing =
	process.env['CRISCOPE_CRITEST'] === '1'
		? critest === undefined
			? ' [skipped, missing: critest]'
			: whatIsMissing('root', 'runc', 'conmon', 'docker-registry', 'ipcmk', ...critestImageRequirements)
		: ' [skipped: takes minutes; CRISCOPE_CRITEST=1 runs it]';

/** Specs that cannot pass without the internet, by their names. */
const expectedFailures: readonly string[] = [
	// Asks for one manifest by its digest, which only upstream's own bytes have.
	'[k8s.io] Image Manager public image with digest should be pulled and removed',
];

/** What failed, by the summary that Ginkgo prints at the end. */
function failuresIn(output: string): readonly string[] {
	return [...output.matchAll(/^ +\[FAIL\] (.*)$/gm)].map(([, name = '']) =>
		name.replaceAll(/\[(It|BeforeEach|AfterEach)\] /g, '').replace(/( \[(Conformance|Serial)\])+$/, ''),
	);
}

function run(endpoint: string, cwd: string): Promise<string> {
	const args = ['--runtime-endpoint', endpoint, '--image-endpoint', endpoint, '--ginkgo.no-color'];
	const child = spawn(critest ?? '', [...args, '--ginkgo.succinct'], {
		cwd,
		stdio: ['ignore', 'pipe', 'pipe'],
	});
	let output = '';
	for (const stream of [child.stdout, child.stderr]) {
		stream.setEncoding('utf8').on('data', (text: string) => {
			output += text;
		});
	}
	return new Promise((resolve, reject) => {
		child.once('error', reject);
		child.once('close', () => resolve(output));
	});
}

describe.skipIf(missing)(`critest${missing ?? ''}`, () => {
	test('passes, but for what needs the internet', { timeout: 1_800_000, retry: 0 }, async () => {
		const dir = mkdtempSync('/var/tmp/criscope-critest-');
		await using undo = new AsyncDisposableStack();
		undo.defer(() => rmSync(dir, { recursive: true, force: true }));
		const registry = await startRegistry({ dir: path.join(dir, 'registry') });
		undo.defer(() => registry.stop());
		await pushCritestImages(registry);
		const serve = await startServe({
			dir: path.join(dir, 'serve'),
			registriesConf: critestRegistriesConf(registry.host),
		});
		undo.defer(async () => {
			await serve.stop();
			serve.cri.close();
		});
		const output = await run(serve.endpoint, dir);
		const log = process.env['CRISCOPE_CRITEST_LOG'];
		if (log) writeFileSync(log, output);
		const counts = /Ran (\d+) of \d+ Specs/.exec(output);
		expect(Number(counts?.[1] ?? 0), output.slice(-4000)).toBeGreaterThan(100);
		expect(failuresIn(output)).toEqual(expectedFailures);
	});
});
