/**
 * Reads a template of Go's text/template: its common forms. What is not among them is refused by name.
 * Source: Go's text/template, package documentation.
 */
import { isFunction } from './functions.ts';
import type { Command, Node, Operand, Pipeline } from './nodes.ts';
import { TemplateSyntaxError } from './template-error.ts';
import { cutTemplate, type Piece, type Token } from './tokens.ts';

const refused = new Set(['define', 'template', 'block']);
const keywords = new Set(['if', 'with', 'range', 'else', 'end', 'break', 'continue', ...refused]);

/** The words of one action, taken one by one. */
class Words {
	readonly #tokens: readonly Token[];
	readonly line: number;
	#at = 0;

	constructor(tokens: readonly Token[], line: number) {
		this.#tokens = tokens;
		this.line = line;
	}

	peek(ahead = 0): Token | undefined {
		return this.#tokens[this.#at + ahead];
	}

	next(): Token | undefined {
		return this.#tokens[this.#at++];
	}

	takeSign(text: string): boolean {
		const token = this.peek();
		if (token?.kind !== 'sign' || token.text !== text) return false;
		this.#at++;
		return true;
	}

	takeWord(text: string): boolean {
		const token = this.peek();
		if (token?.kind !== 'word' || token.text !== text) return false;
		this.#at++;
		return true;
	}

	fail(problem: string): never {
		throw new TemplateSyntaxError(problem, this.line);
	}

	/** @throws TemplateSyntaxError where words are left over. */
	end(after: string): void {
		const token = this.peek();
		if (token) this.fail(`"${describe(token)}" does not belong behind ${after}`);
	}
}

function describe(token: Token): string {
	switch (token.kind) {
		case 'word':
		case 'sign':
			return token.text;
		case 'field':
			return `.${token.name}`;
		case 'dot':
			return '.';
		case 'variable':
			return `$${token.name}`;
		case 'string':
		case 'number':
			return JSON.stringify(token.value);
	}
}

/** Variables that may be used where the words stand: the innermost block last. */
type Scope = readonly Set<string>[];

function knownVariable(words: Words, name: string, scope: Scope): void {
	if (name !== '' && !scope.some((block) => block.has(name)))
		words.fail(`the variable $${name} is not declared`);
}

function readOperand(words: Words, scope: Scope): Operand | undefined {
	const token = words.peek();
	let operand: Operand;
	switch (token?.kind) {
		case undefined:
			return undefined;
		case 'sign':
			if (token.text !== '(') return undefined;
			words.next();
			operand = { kind: 'pipeline', pipeline: readPipeline(words, scope) };
			if (!words.takeSign(')')) words.fail('a parenthesis is not closed');
			break;
		case 'field':
			operand = { kind: 'dot' };
			break;
		case 'dot':
			words.next();
			operand = { kind: 'dot' };
			break;
		case 'variable':
			words.next();
			knownVariable(words, token.name, scope);
			operand = { kind: 'variable', name: token.name };
			break;
		case 'string':
		case 'number':
			words.next();
			operand = { kind: 'literal', value: token.value };
			break;
		case 'word':
			words.next();
			operand = readWord(words, token.text);
	}
	const names: string[] = [];
	for (let next = words.peek(); next?.kind === 'field'; next = words.peek()) {
		// `.a .b` are two arguments, `.a.b` is one.
		if (next.spaced && !(token?.kind === 'field' && names.length === 0)) break;
		names.push(next.name);
		words.next();
	}
	if (names.length === 0) return operand;
	if (operand.kind === 'literal') words.fail(`"${describe(token)}" has no field ".${names[0]}"`);
	return { kind: 'fields', of: operand, names };
}

function readWord(words: Words, word: string): Operand {
	if (word === 'true' || word === 'false') return { kind: 'literal', value: word === 'true' };
	if (word === 'nil') return { kind: 'literal', value: null };
	if (keywords.has(word)) words.fail(`"${word}" does not belong there`);
	if (!isFunction(word)) words.fail(`the function "${word}" is not known here`);
	return { kind: 'function', name: word };
}

function readCommand(words: Words, scope: Scope): Command {
	const first = readOperand(words, scope);
	if (!first) {
		const token = words.peek();
		return words.fail(token ? `a value is missing before "${describe(token)}"` : 'a value is missing');
	}
	const rest: Operand[] = [];
	for (let operand = readOperand(words, scope); operand; operand = readOperand(words, scope)) {
		rest.push(operand);
	}
	const [argument] = rest;
	if (argument && first.kind !== 'function') words.fail('only a function takes arguments');
	return [first, ...rest];
}

/** Reads `$x :=`, `$x =`, and in a range `$i, $x :=`. */
function readTargets(
	words: Words,
	range: boolean,
): { readonly names: readonly string[]; readonly sign: string } {
	const first = words.peek();
	const sign = words.peek(1);
	const none = { names: [], sign: '' };
	if (first?.kind !== 'variable' || sign?.kind !== 'sign') return none;
	if (sign.text === ':=' || sign.text === '=') {
		words.next();
		words.next();
		return { names: [first.name], sign: sign.text };
	}
	const [second, sign2] = [words.peek(2), words.peek(3)];
	if (sign.text !== ',' || !range || second?.kind !== 'variable' || sign2?.kind !== 'sign') return none;
	for (let count = 0; count < 4; count++) words.next();
	return { names: [first.name, second.name], sign: sign2.text };
}

function readPipeline(words: Words, scope: Scope, range = false): Pipeline {
	const { line } = words;
	const { names, sign } = readTargets(words, range);
	const declares = sign === ':=';
	if (names.includes('')) words.fail('$ cannot be assigned to');
	const first = readCommand(words, scope);
	const commands: [Command, ...Command[]] = [first];
	while (words.takeSign('|')) {
		const command = readCommand(words, scope);
		if (command[0].kind !== 'function') words.fail('only a function may stand behind "|"');
		commands.push(command);
	}
	for (const name of names) {
		if (declares) scope.at(-1)?.add(name);
		else knownVariable(words, name, scope);
	}
	return { variables: names, declares, commands, line };
}

/** Reads the nodes up to the `end` or `else` that closes them. */
class Reader {
	readonly #pieces: readonly Piece[];
	#at = 0;

	constructor(pieces: readonly Piece[]) {
		this.#pieces = pieces;
	}

	/** @returns the nodes, and the words of the action that ended them; undefined at the end of the template. */
	readNodes(
		scope: Scope,
		inRange: boolean,
	): { readonly nodes: readonly Node[]; readonly ending: Words | undefined } {
		const nodes: Node[] = [];
		for (;;) {
			const piece = this.#pieces[this.#at++];
			if (!piece) return { nodes, ending: undefined };
			if (piece.kind === 'text') {
				nodes.push(piece);
				continue;
			}
			const words = new Words(piece.tokens, piece.line);
			const first = words.peek();
			const keyword = first?.kind === 'word' && keywords.has(first.text) ? first.text : undefined;
			if (keyword === 'end' || keyword === 'else') return { nodes, ending: words };
			nodes.push(this.#readAction(words, keyword, scope, inRange));
		}
	}

	#readAction(words: Words, keyword: string | undefined, scope: Scope, inRange: boolean): Node {
		if (keyword === undefined) {
			const pipeline = readPipeline(words, scope);
			words.end('the value');
			return { kind: 'print', pipeline };
		}
		words.next();
		if (keyword === 'if' || keyword === 'with' || keyword === 'range') {
			return this.#readBlock(keyword, words, scope, inRange);
		}
		if (keyword === 'break' || keyword === 'continue') {
			if (!inRange) words.fail(`{{${keyword}}} stands outside of {{range}}`);
			words.end(keyword);
			return { kind: keyword };
		}
		return words.fail(`{{${keyword}}} is not known here`);
	}

	#readBlock(kind: 'if' | 'with' | 'range', words: Words, outer: Scope, inRange: boolean): Node {
		// What the head declares lives until the block's end, what a branch declares in that branch.
		const head: Scope = [...outer, new Set()];
		const pipeline = readPipeline(words, head, kind === 'range');
		words.end(`{{${kind}}}`);
		const body = this.readNodes([...head, new Set()], inRange || kind === 'range');
		const { ending } = body;
		if (!ending) return words.fail(`{{${kind}}} has no {{end}}`);
		if (ending.takeWord('end')) {
			ending.end('{{end}}');
			return { kind, pipeline, body: body.nodes, otherwise: [] };
		}
		ending.takeWord('else');
		if (ending.peek())
			return { kind, pipeline, body: body.nodes, otherwise: [this.#readElse(kind, ending, head, inRange)] };
		const otherwise = this.readNodes([...head, new Set()], inRange);
		if (!otherwise.ending?.takeWord('end')) return words.fail(`the {{else}} of {{${kind}}} has no {{end}}`);
		otherwise.ending.end('{{end}}');
		return { kind, pipeline, body: body.nodes, otherwise: otherwise.nodes };
	}

	/** `{{else if}}`, which shares the end of its block. */
	#readElse(kind: 'if' | 'with' | 'range', words: Words, scope: Scope, inRange: boolean): Node {
		if (kind === 'range' || !words.takeWord(kind))
			return words.fail(`{{else}} of {{${kind}}} takes no more words`);
		return this.#readBlock(kind, words, scope, inRange);
	}
}

/** Reads a template. @throws TemplateSyntaxError that names the construct. */
export function parseNodes(text: string): readonly Node[] {
	const { nodes, ending } = new Reader(cutTemplate(text)).readNodes([new Set()], false);
	if (ending) {
		const word = ending.peek();
		ending.fail(`{{${word ? describe(word) : 'end'}}} closes nothing`);
	}
	return nodes;
}
