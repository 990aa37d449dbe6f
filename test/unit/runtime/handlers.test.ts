import { expect, test } from 'vitest';
import { createHandlers } from '../../../src/runtime/handlers.ts';
import type { HandlerConfig } from '../../../src/runtime/oci/model.ts';

function handler(name: string, change: Partial<HandlerConfig> = {}): HandlerConfig {
	return {
		name,
		path: `/bin/${name}`,
		root: `/run/${name}`,
		type: 'oci',
		privilegedWithoutHostDevices: false,
		allowedAnnotations: [],
		monitorPath: '/bin/conmon',
		monitorCgroup: '',
		monitorEnv: [],
		minimumMemoryBytes: 0,
		...change,
	};
}

test('a name is that of the configuration, none is the default', () => {
	const handlers = createHandlers(() => [handler('crun'), handler('runc'), handler('vm', { type: 'vm' })]);
	expect(handlers.demand('').name).toBe('crun');
	expect(handlers.demand('runc').name).toBe('runc');
	expect(() => handlers.demand('runsc')).toThrow('it is not configured; known are "crun", "runc", "vm"');
	expect(() => handlers.demand('vm')).toThrow('virtual machines');
});

test('programs are looked for once in a while, and at once for another configuration', () => {
	let config = {};
	let timeMs = 0;
	let looks = 0;
	const look = () => {
		looks += 1;
		return [handler('runc', { path: `/${looks}/runc` })];
	};
	const handlers = createHandlers(look, { config: () => config, nowMs: () => timeMs });
	expect(handlers.demand('').path).toBe('/1/runc');
	timeMs = 1999;
	expect(handlers.of({ runtimeHandler: '', handler: handler('runc') }).path).toBe('/1/runc');
	timeMs = 2000;
	expect(handlers.demand('').path).toBe('/2/runc');
	config = {};
	expect(handlers.demand('').path).toBe('/3/runc');
	expect(handlers.all).toHaveLength(1);
	expect(looks).toBe(3);
});

test('what was made by the default keeps it when the default is another one', () => {
	const handlers = createHandlers(() => [handler('crun'), handler('runc')]);
	expect(handlers.of({ runtimeHandler: '', handler: handler('runc') }).path).toBe('/bin/runc');
});

test('what was made by a handler keeps it when it is gone', () => {
	const handlers = createHandlers(() => [handler('runc')]);
	const gone = handler('special');
	expect(handlers.of({ runtimeHandler: 'special', handler: gone })).toEqual(gone);
});

test('one whose program is missing is refused with the reason, and what was made by it keeps it', () => {
	const lost = handler('lost', { unavailable: 'there is no program "lost"' });
	const handlers = createHandlers(() => [handler('runc'), lost]);
	expect(() => handlers.demand('lost')).toThrow(
		'cannot use runtime handler "lost": there is no program "lost"',
	);
	const kept = handler('lost', { path: '/old/lost' });
	expect(handlers.of({ runtimeHandler: 'lost', handler: kept })).toEqual(kept);
});

test('a program may move, the records of its containers do not', () => {
	const handlers = createHandlers(() => [handler('runc', { path: '/new/runc', root: '/new/root' })]);
	const kept = handlers.of({ runtimeHandler: '', handler: handler('runc') });
	expect(kept).toMatchObject({ path: '/new/runc', root: '/run/runc' });
});

test('a record of an old version has its name alone', () => {
	const handlers = createHandlers(() => [handler('runc')]);
	expect(handlers.of({ runtimeHandler: '', handler: undefined }).name).toBe('runc');
	expect(() => handlers.of({ runtimeHandler: 'gone', handler: undefined })).toThrow('not configured');
});

test('a machine without an OCI runtime or conmon says what to install, and no more once that is done', () => {
	let installed: readonly HandlerConfig[] = [];
	let timeMs = 0;
	const handlers = createHandlers(() => installed, { nowMs: () => timeMs });
	expect(handlers.problem()).toBe('no OCI runtime is installed: install runc and conmon');
	expect(() => handlers.demand('')).toThrow('no OCI runtime is installed');
	installed = [handler('runc', { monitorPath: 'conmon' })];
	timeMs += 2000;
	expect(handlers.problem()).toContain('there is no program "conmon" to watch its containers: install it');
	installed = [handler('runc')];
	timeMs += 2000;
	expect(handlers.problem()).toBeUndefined();
});
