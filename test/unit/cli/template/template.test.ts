import { describe, expect, test } from 'vitest';
import { parseTemplate } from '../../../../src/cli/template/template.ts';
import { UsageError } from '../../../../src/cli/usage-error.ts';

const document = {
	status: {
		id: 'eed058b6',
		state: 'CONTAINER_RUNNING',
		exitCode: 0,
		metadata: { name: 'web', attempt: 3 },
		labels: { 'io.kubernetes.pod.name': 'web-1', app: 'shop' },
		mounts: [
			{ hostPath: '/a', readonly: true },
			{ hostPath: '/b', readonly: false },
		],
		annotations: {},
		empty: [],
		message: '',
		user: null,
		html: '<a&b>',
	},
	info: { pid: 4711, share: 0.25, big: '12345678901234567890' },
};

// What crictl 1.36 prints for the same template and such a document; run beside it by hand and in test/e2e/verbs-list.test.ts.
test.each([
	['{{.status.id}}', 'eed058b6'],
	['{{.status.metadata}}', 'map[attempt:3 name:web]'],
	['{{.status.mounts}}', '[map[hostPath:/a readonly:true] map[hostPath:/b readonly:false]]'],
	['{{index .status.labels "io.kubernetes.pod.name"}}', 'web-1'],
	['{{index .status.labels "nope"}}', '<no value>'],
	['{{.status.user}}', '<no value>'],
	['{{(index .status.mounts 1).hostPath}}', '/b'],
	['{{range .status.mounts}}{{.hostPath}} {{end}}', '/a /b '],
	['{{range $i, $m := .status.mounts}}{{$i}}={{$m.hostPath}};{{end}}', '0=/a;1=/b;'],
	['{{range $k, $v := .status.labels}}{{$k}}={{$v}};{{end}}', 'app=shop;io.kubernetes.pod.name=web-1;'],
	['{{range .status.empty}}x{{else}}none{{end}}', 'none'],
	['{{range .status.mounts}}{{if .readonly}}{{continue}}{{end}}{{.hostPath}}{{end}}', '/b'],
	['{{range .status.mounts}}{{.hostPath}}{{break}}{{end}}', '/a'],
	['{{range 3}}{{.}}{{end}}', '012'],
	['{{if .status.message}}m{{else if .status.id}}id{{else}}none{{end}}', 'id'],
	['{{if .status.annotations}}some{{else}}none{{end}}', 'none'],
	// A number of the document is its text, which is never empty.
	['{{if .status.exitCode}}t{{else}}f{{end}}', 't'],
	['{{with .status.metadata}}{{.name}}:{{.attempt}}{{end}}', 'web:3'],
	['{{with $m := .status.metadata}}{{$m.name}} {{$.status.id}}{{end}}', 'web eed058b6'],
	['{{with .status.message}}m{{else with .status.id}}{{.}}{{end}}', 'eed058b6'],
	['{{$x := .status}}{{$x.id | len}}', '8'],
	['{{$a := 1}}{{if true}}{{$a = 2}}{{end}}{{$a}}', '2'],
	['{{$a := 1}}{{if true}}{{$a := 2}}{{end}}{{$a}}', '1'],
	['{{json .status.metadata}}', '{"attempt":3,"name":"web"}\n'],
	['{{json .status.html}}', '"\\u003ca\\u0026b\\u003e"\n'],
	['{{len .status.labels}} {{len .status.mounts}} {{len "é"}}', '2 2 2'],
	[
		'{{printf "%s|%-5s|%5s|%q|%v" .status.state "a" "b" "c\\"d" .info.pid}}',
		'CONTAINER_RUNNING|a    |    b|"c\\"d"|4711',
	],
	['{{printf "%05d|%x|%t|%.2f|%e|%+d" 7 255 true 1.5 1500.0 5}}', '00007|ff|true|1.50|1.500000e+03|+5'],
	['{{.status.id | printf "%.3s"}} {{printf "100%%"}}', 'eed 100%'],
	['{{print 1 2 "a" "b" 3}}|{{println "x" 1}}', '1 2ab3|x 1\n'],
	['{{html .status.html}} {{urlquery "a b&c"}}', '&lt;a&amp;b&gt; a+b%26c'],
	['{{title "abc def"}} {{upper "x"}} {{"Y" | lower}}', 'Abc Def X y'],
	['{{and true ""}}|{{or "" "z"}}|{{not true}}', '|z|false'],
	['{{or .status.id .nope}}', 'eed058b6'],
	['{{eq 1 1}} {{ne "a" "b"}} {{lt 1 2}} {{ge 2 2}} {{eq "a" "b" "a"}}', 'true true true true true'],
	['{{eq .status.exitCode "0"}} {{eq .status.user nil}}', 'true true'],
	['{{slice "abcdef" 1 3}} {{slice .status.mounts 1}}', 'bc [map[hostPath:/b readonly:false]]'],
	["{{1.0}} {{1e3}} {{0x10}} {{'a'}} {{-5}} {{017}}", '1 1000 16 97 -5 15'],
	['{{`raw "x"`}} {{"t\\tn"}} {{"}}"}}', 'raw "x" t\tn }}'],
	['a {{- /* c */ -}} b {{- "c" -}} d', 'abcd'],
	['{{/* c */}}\n{{- range .status.mounts }}\n{{ .hostPath }}\n{{- end }}', '\n/a\n/b'],
	['{{if and .status.id (eq .status.message "")}}ok{{end}}', 'ok'],
	['{{.info.big}} {{.info.share}}', '12345678901234567890 0.25'],
] as const)('%s', (template, text) => {
	expect(parseTemplate(template).fill(document)).toBe(text);
});

describe('what is wrong is one sentence', () => {
	test.each([
		['{{foo}}', /the function "foo" is not known here/],
		['{{define "x"}}a{{end}}', /\{\{define\}\} is not known here/],
		['{{template "x"}}', /\{\{template\}\} is not known here/],
		['{{block "x" .}}a{{end}}', /\{\{block\}\} is not known here/],
		['{{.status.id', /an action \{\{ is not closed by \}\}/],
		['{{}}', /an action is empty/],
		['{{end}}', /\{\{end\}\} closes nothing/],
		['{{else}}', /\{\{else\}\} closes nothing/],
		['{{if}}x{{end}}', /a value is missing/],
		['{{if true}}x', /\{\{if\}\} has no \{\{end\}\}/],
		['a\nb\n{{range .x}}{{else}}', /line 3: the \{\{else\}\} of \{\{range\}\} has no \{\{end\}\}/],
		['{{range .x}}{{else range .y}}{{end}}', /\{\{else\}\} of \{\{range\}\} takes no more words/],
		['{{break}}', /\{\{break\}\} stands outside of \{\{range\}\}/],
		['{{$x}}', /the variable \$x is not declared/],
		['{{if true}}{{$x := 1}}{{end}}{{$x}}', /the variable \$x is not declared/],
		['{{"a" "b"}}', /only a function takes arguments/],
		['{{"a" | "b"}}', /only a function may stand behind "\|"/],
		['{{(len "a"}}', /a parenthesis is not closed/],
		['{{len "a")}}', /"\)" does not belong behind the value/],
		['{{"a\\q"}}', /unknown escape \\q/],
		['{{#}}', /"#" is not understood/],
		['{{99999999999999999999}}', /cannot be used/],
	] as const)('%s', (template, sentence) => {
		expect(() => parseTemplate(template)).toThrow(sentence);
		expect(() => parseTemplate(template)).toThrow(UsageError);
	});

	test.each([
		['{{.nope}}', /the object has no field "\.nope"/],
		['{{.status.id.x}}', /there is no field "\.x" in a text/],
		['{{.status.user.name}}', /there is no field "\.name" in nothing/],
		['{{.constructor}}', /the object has no field "\.constructor"/],
		['{{index .status.mounts 9}}', /index 9 is out of the list of 2/],
		['{{index .status.id 0}}', /index cannot look into a text/],
		['{{range .status.id}}{{end}}', /range cannot go through a text/],
		['{{len nil}}', /len cannot measure nothing/],
		['{{printf "%d" "a"}}', /printf %d cannot print a text/],
		['{{printf "%s"}}', /has too few values/],
		['{{printf "" 1}}', /has too many values/],
		['{{printf "%p" 1}}', /printf %p is not known here/],
		['{{eq "a" 1}}', /eq cannot compare a text with a number/],
		['{{lt "a" 1}}', /lt cannot compare a text with a number/],
		['{{eq .status.mounts .status.mounts}}', /eq cannot compare a list/],
		['{{not 1 2}}', /not does not take 2 values/],
		['{{slice "abc" 2 9}}', /out of the 3 there are/],
	] as const)('%s', (template, sentence) => {
		const parsed = parseTemplate(template);
		expect(() => parsed.fill(document)).toThrow(sentence);
		expect(() => parsed.fill(document)).toThrow(/^cannot fill the template: /);
	});
});
