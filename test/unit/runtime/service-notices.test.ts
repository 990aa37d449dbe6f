import { expect, test } from 'vitest';
import { createServiceNotices } from '../../../src/runtime/service-notices.ts';

function noticesFor(env: NodeJS.ProcessEnv, fails = false) {
	const sent: [string, string][] = [];
	const logged: string[] = [];
	const notices = createServiceNotices(env, {
		send(address, text) {
			if (fails) throw new Error('connection refused');
			sent.push([address, text]);
		},
		log: (level, message) => logged.push(`${level} ${message}`),
	});
	return { notices, sent, logged };
}

test('a manager is told how far we are, and nobody after us where it listens', async () => {
	const env = { NOTIFY_SOCKET: '/run/systemd/notify' };
	const { notices, sent } = noticesFor(env);
	expect(env).toEqual({});
	// A signal that comes before the socket is there does not announce it.
	await notices.reload(async () => undefined);
	notices.ready('serving unix:///run/criscope/criscope.sock');
	await notices.reload(async () => expect(sent.at(-1)?.[1]).toMatch(/^RELOADING=1\nMONOTONIC_USEC=\d+$/));
	notices.stopping();
	await notices.reload(async () => undefined);
	expect(sent.every(([address]) => address === '/run/systemd/notify')).toBe(true);
	expect(sent.map(([, text]) => text.split('\n')[0])).toEqual([
		'READY=1',
		'RELOADING=1',
		'READY=1',
		'STOPPING=1',
	]);
	expect(sent[0]?.[1]).toBe('READY=1\nSTATUS=serving unix:///run/criscope/criscope.sock');
});

test.each([{}, { NOTIFY_SOCKET: '' }, { NOTIFY_SOCKET: 'vsock:2:1234' }, { NOTIFY_SOCKET: '@' }])(
	'nothing is sent with %j',
	async (env) => {
		const { notices, sent } = noticesFor({ ...env });
		notices.ready('serving');
		await notices.reload(async () => undefined);
		notices.stopping();
		expect(sent).toEqual([]);
	},
);

test('a manager that does not listen is logged', () => {
	const { notices, logged } = noticesFor({ NOTIFY_SOCKET: '@gone' }, true);
	notices.ready('serving');
	expect(logged).toEqual(['warn the service manager cannot be told']);
});
