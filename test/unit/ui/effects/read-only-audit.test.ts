import { expect, test } from 'vitest';
import type { AuditRecord } from '../../../../src/ui/effects/action-audit.ts';
import { createReadOnlyAudit } from '../../../../src/ui/effects/read-only-audit.ts';
import { liftMs } from '../../../../src/ui/store/slices/read-only.ts';
import { inspector } from '../change-fixtures.ts';

test('a lift and its end stand in the trail, once each', () => {
	const reason = 'Read-only: from the banner.';
	const ui = inspector({}, { readOnly: { enabled: true, reason, liftable: true } });
	const records: AuditRecord[] = [];
	const { follow } = createReadOnlyAudit(
		{ getState: ui.state },
		{ record: (record) => void records.push(record) },
	);
	const told = () => records.splice(0).map(({ verb, result }) => `${verb}, ${result}`);
	const lift = (key: string) => {
		ui.press(':');
		ui.type('rw');
		ui.press('enter');
		follow();
		ui.press(key);
		follow();
		follow();
	};
	lift('enter');
	expect(told()).toEqual([]);
	lift('y');
	const until = ui.state().nowMs + liftMs;
	expect(told()).toEqual([
		`lift read-only, done: changes are allowed until ${new Date(until).toISOString()}`,
	]);
	ui.store.dispatch('core', { kind: 'ticked', nowMs: until });
	follow();
	follow();
	expect(told()).toEqual(['restore read-only, done: changes are refused again']);
});
