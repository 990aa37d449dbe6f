import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldsOfRecord, type SearchField } from '../../../../src/ui/search/fields.ts';
import { createFuzzySearch } from '../../../../src/ui/search/fuzzy.ts';
import { parseQuery } from '../../../../src/ui/search/query.ts';

type Row = { readonly name: string; readonly fields: readonly SearchField[] };

const row = (name: string, more: Readonly<Record<string, string>> = {}): Row => ({
	name,
	fields: fieldsOfRecord({ name, ...more }),
});
const rows: readonly Row[] = [
	row('nginx', { id: 'cafe12345678', ip: '10.244.1.5', namespace: 'web' }),
	row('kube-proxy', {
		id: 'beef12345678',
		ip: '10.0.0.1, fd00::1',
		namespace: 'kube-system',
		labels: 'k8s-app=kube-proxy,controller-revision-hash=5f4,pod-template-generation=1',
	}),
	row('payment-service', {
		id: '0123cafe4567',
		image: 'registry/payment:v1.3',
		digest: 'registry/payment@sha256:deadbeef0000',
	}),
	row('internet-explorer', { namespace: 'web', command: '/bin/sh -c "exec nginx-debug"' }),
	row('cafeteria', { ip: '10.244.1.50' }),
	row('İstanbul-Éclair'),
];
const search = createFuzzySearch<Row>({ fieldsOf: ({ fields }) => fields });
const find = (typed: string) => search.search(rows, typed).map((hit) => hit.row.name);
const shown = (typed: string, name: string) => {
	const hit = search.search(rows, typed).find((one) => one.row.name === name);
	return Object.fromEntries(hit?.highlights ?? []);
};

test('nothing typed gives everything in order', () => {
	expect(find('')).toEqual(rows.map(({ name }) => name));
	expect(find('  ')).toEqual(rows.map(({ name }) => name));
	expect(find('!')).toEqual(rows.map(({ name }) => name));
	expect(search.search(rows, '')[0]?.highlights.size).toBe(0);
});

test('the best match comes first: name before command, literal before letters', () => {
	expect(find('nginx')).toEqual(['nginx', 'internet-explorer']);
	expect(find('NGINX')).toEqual(find('nginx'));
	expect(find('ngx')[0]).toBe('nginx');
	expect(find('kpx')).toEqual(['kube-proxy']);
	expect(find('kp')).toEqual(['kube-proxy']);
	expect(find('pymt')).toEqual(['payment-service']);
	expect(find('zzz')).toEqual([]);
});

test('terms must all match, ! excludes, quotes are literal', () => {
	expect(find('web nginx')).toEqual(['nginx', 'internet-explorer']);
	expect(find('web !debug')).toEqual(['nginx']);
	expect(find('!web')).not.toContain('nginx');
	expect(find('"pymt"')).toEqual([]);
	expect(find('"exec nginx"')).toEqual(['internet-explorer']);
	expect(find('"exec ngin')).toEqual(['internet-explorer']);
});

test('an id, an address or a digest ranks first', () => {
	expect(find('cafe')).toEqual(['nginx', 'cafeteria']);
	expect(find('cafe4')).toEqual([]);
	expect(find('10.244.1.5')).toEqual(['nginx', 'cafeteria']);
	expect(find('fd00:')).toEqual(['kube-proxy']);
	expect(find('244.1')).toEqual([]);
	expect(find('deadbe')).toEqual(['payment-service']);
	expect(find('sha256:dead')).toEqual(['payment-service']);
	expect(find('sha25')).toEqual([]);
});

test('versions and ports are not picked together from digits', () => {
	expect(find('v1.3')).toEqual(['payment-service']);
	expect(find('k851')).toEqual([]);
});

test('a number behind letters may stand apart from them, as it is', () => {
	const workers = ['worker-of-the-shop-19', 'worker-of-the-shop-109', 'worker-of-1-shop-9'].map((name) =>
		row(name),
	);
	const search = createFuzzySearch<Row>({ fieldsOf: ({ fields }) => fields });
	const found = (typed: string) => search.search(workers, typed).map((hit) => hit.row.name);
	// Key by key, as it is typed: what a beginning ruled out stays ruled out.
	expect(['w', 'wo', 'work', 'work1', 'work19'].map(found).at(-1)).toEqual(['worker-of-the-shop-19']);
});

test('highlights by field, at the right places', () => {
	expect(shown('ngx', 'nginx')).toEqual({
		name: [
			{ start: 0, end: 2 },
			{ start: 4, end: 5 },
		],
	});
	expect(shown('kube', 'kube-proxy')).toEqual({
		name: [{ start: 0, end: 4 }],
		namespace: [{ start: 0, end: 4 }],
		labels: [{ start: 8, end: 12 }],
	});
	expect(shown('ngin inx', 'nginx')).toEqual({ name: [{ start: 0, end: 5 }] });
	expect(shown('10.244', 'cafeteria')).toEqual({ ip: [{ start: 0, end: 6 }] });
	expect(shown('clair', 'İstanbul-Éclair')).toEqual({ name: [{ start: 10, end: 15 }] });
});

test('what was typed before does not change the answer', () => {
	const fresh = (typed: string) =>
		createFuzzySearch<Row>({ fieldsOf: ({ fields }) => fields })
			.search(rows, typed)
			.map((hit) => hit.row.name);
	for (const typed of ['payment', 'kube-proxy', 'nginx-debug', 'revhash', 'pod-gen web']) {
		for (let length = 1; length <= typed.length; length++) {
			expect(find(typed.slice(0, length))).toEqual(fresh(typed.slice(0, length)));
		}
	}
});

test('rows that come and go are found and forgotten', () => {
	const own = createFuzzySearch<Row>({ fieldsOf: ({ fields }) => fields });
	for (let round = 0; round < 30; round++) {
		const living = Array.from({ length: 100 }, (_, index) => row(`pod-${round}-${index}`));
		own.prepare(living);
		expect(own.search(living, `"pod-${round}-7"`)[0]?.row).toBe(living[7]);
	}
});

test('whatever is typed, ranges lie within the text and rows match', () => {
	fc.assert(
		fc.property(
			fc.string({ unit: 'binary', maxLength: 12 }),
			fc.array(fc.string({ unit: 'binary', maxLength: 80 }), { maxLength: 5 }),
			(typed, names) => {
				const own = names.map((name) => row(name, { id: name, digest: name }));
				for (const hit of createFuzzySearch<Row>({ fieldsOf: ({ fields }) => fields }).search(own, typed)) {
					expect(own).toContain(hit.row);
					for (const ranges of hit.highlights.values()) {
						for (const { start, end } of ranges) {
							expect(start).toBeLessThan(end);
							expect(end).toBeLessThanOrEqual(hit.row.name.length);
						}
					}
				}
			},
		),
	);
});

test('queries', () => {
	expect(parseQuery('a  "b C" !d !"e f" !')).toEqual({
		include: [
			{ text: 'a', exact: false },
			{ text: 'b c', exact: true },
		],
		exclude: [
			{ text: 'd', exact: false },
			{ text: 'e f', exact: true },
		],
	});
	expect(parseQuery('""').include).toEqual([]);
	expect(parseQuery('a"b').include).toEqual([{ text: 'a"b', exact: false }]);
});

test('making rows ready in parts gives the same answers, and ends', () => {
	const rows = Array.from({ length: 300 }, (_, index) => ({ name: `web-${index}` }));
	const fieldsOf = (row: { readonly name: string }) => [{ name: 'name', text: row.name }];
	const whole = createFuzzySearch({ fieldsOf });
	const parts = createFuzzySearch({ fieldsOf });
	let calls = 0;
	while (!parts.prepareFor(rows, 0)) expect(++calls).toBeLessThan(1_000);
	expect(parts.search(rows, 'web7').map(({ row }) => row.name)).toEqual(
		whole.search(rows, 'web7').map(({ row }) => row.name),
	);
});
