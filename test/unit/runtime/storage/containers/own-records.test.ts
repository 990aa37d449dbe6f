import { describe, expect, test } from 'vitest';
import {
	containerLayerRecord,
	containerRecord,
	hasForeign,
	type OwnRecordRequest,
	ownContainers,
	ownLayers,
	readMark,
} from '../../../../../src/runtime/storage/containers/own-records.ts';
import { indexContainers } from '../../../../../src/runtime/storage/records/image-records.ts';
import { indexLayers } from '../../../../../src/runtime/storage/records/layer-records.ts';

const id = 'c'.repeat(64);
const request: OwnRecordRequest = {
	kind: 'container',
	id,
	mountId: id,
	names: ['k8s_main_web_default_u_0', 'second'],
	imageId: 'i'.repeat(64),
	layerId: 'a'.repeat(64),
	metadata: {
		podName: 'web',
		podId: 'p',
		imageName: 'localhost/x:1',
		imageId: 'i',
		containerName: 'k8s_main_web_default_u_0',
		metadataName: 'main',
		uid: 'u',
		namespace: 'default',
		attempt: 0,
		isPod: false,
		privileged: true,
	},
};
const theirs = { id: 'theirs', names: ['x'], layer: 'l', metadata: '{"image-name":"x","name":"x"}' };

describe('records of containers', () => {
	test('say what CRI-O says but for the pod, by which it would take them for its own, and whose they are', () => {
		const record = containerRecord(request);
		expect(record).toMatchObject({
			id,
			names: request.names,
			image: request.imageId,
			layer: request.layerId,
			flags: { MountLabel: '', ProcessLabel: '', Volatile: true },
		});
		const metadata = JSON.parse(String(record['metadata']));
		expect(metadata).toEqual({
			'image-name': 'localhost/x:1',
			'image-id': 'i',
			name: 'k8s_main_web_default_u_0',
			'metadata-name': 'main',
			uid: 'u',
			namespace: 'default',
			'created-at': expect.any(Number),
			privileged: true,
			criscope: { kind: 'container', id, 'pod-name': 'web', 'pod-id': 'p' },
		});
		expect(readMark(record)).toEqual({ kind: 'container', id, mountId: id });
	});

	test('name the layer, and the container from the layer', () => {
		const record = containerLayerRecord(request, 'b'.repeat(64));
		expect(record).toMatchObject({ names: ['k8s_main_web_default_u_0-layer'], parent: 'b'.repeat(64) });
		expect('parent' in containerLayerRecord(request, undefined)).toBe(false);
		const own = { kind: 'container', id, mountId: id, layerId: request.layerId };
		const index = indexLayers([[{ id: 'image' }], [record]]);
		expect(ownLayers(index)).toEqual([own]);
		expect(ownLayers(index, id)).toEqual([own]);
		expect(ownLayers(index, 'd'.repeat(64))).toEqual([]);
	});

	test('are told from those of others', () => {
		const index = indexContainers([[theirs, containerRecord(request)], []]);
		expect(ownContainers(index).map((own) => own.id)).toEqual([id]);
		expect(index.byName.get('second')).toBe(id);
		expect(hasForeign([theirs, containerRecord(request)])).toBe(true);
		expect(hasForeign([containerRecord(request)])).toBe(false);
		expect(hasForeign([])).toBe(false);
	});

	test.each([
		undefined,
		'',
		'not json "criscope"',
		'null',
		'{"criscope":true}',
		'{"criscope":{"kind":"else","id":"x"}}',
		'{"criscope":{"kind":"container"}}',
	])('have no mark where the metadata is %j', (metadata) => {
		expect(readMark(metadata === undefined ? {} : { metadata })).toBeUndefined();
	});
});
