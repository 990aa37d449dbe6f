import { expect, it } from 'vitest';
import { resolveName } from '../../../../src/ui/plain/linear-names.ts';
import { linearLine } from '../../../../src/ui/plain/linear-output.ts';
import { containerRows } from '../../../../src/ui/resources/container-rows.ts';
import { imageRows } from '../../../../src/ui/resources/image-rows.ts';
import { podRows } from '../../../../src/ui/resources/pod-rows.ts';
import { applied, container, emptyState, event, image, nowMs, pod, refreshed } from '../fixtures.ts';

const state = applied(
	emptyState(),
	...refreshed(
		[pod('web'), pod('web-admin'), pod('db', { namespace: 'data' })],
		[
			container('web', 'nginx'),
			container('web-admin', 'nginx'),
			container('db', 'pg', { attempt: 1 }),
			container('db', 'pg'),
		],
	),
	event('inventory', { kind: 'imagesRefreshed', images: [image('quay.io/a/app:v1')], atMs: nowMs }),
);
const podId = (typed: string) => resolveName(podRows(state), typed, 'pod');
const containerNamed = (typed: string) => resolveName(containerRows(state), typed, 'container');

it('takes a whole name before one that only begins so', () => {
	expect(podId('web')).toMatchObject({ id: 'pod-web' });
	expect(podId('web-a')).toMatchObject({ id: 'pod-web-admin' });
	expect(podId('data/db')).toMatchObject({ id: 'pod-db' });
});

it('answers an ambiguous name with the candidates', () => {
	expect(containerNamed('nginx')).toBe(
		'"nginx" may mean container web/nginx, container web-admin/nginx; type more of it, or its id.',
	);
	expect(containerNamed('web-admin/nginx')).toMatchObject({ id: 'ctr-web-admin-nginx-0' });
});

it('means the newest attempt unless told', () => {
	expect(containerNamed('pg')).toMatchObject({ id: 'ctr-db-pg-1' });
	expect(containerNamed('db/pg#0')).toMatchObject({ id: 'ctr-db-pg-0' });
});

it('finds an image by the end of its path, and an object by its id', () => {
	expect(resolveName(imageRows(state), 'app', 'image')).toMatchObject({ name: 'quay.io/a/app:v1' });
	expect(containerNamed('ctr-web-n')).toMatchObject({ id: 'ctr-web-nginx-0' });
});

it('says so where there is no such name', () => {
	expect(podId('nope')).toBe('No pod is called "nope".');
});

it('lets no control character out, and only ASCII where the locale has no more', () => {
	expect(linearLine('a\x1b[2Jb\nc', true)).toBe('a␛[2Jb↵c');
	expect(linearLine('a\x1b[2J ü → 日', false)).toMatch(/^[\x20-\x7e]+$/);
});
