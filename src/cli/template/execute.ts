/** Fills a template that was read. Source: Go's text/template with the option missingkey=error, as crictl sets it. */
import { callFunction } from './functions.ts';
import type { Command, Node, Operand, Pipeline } from './nodes.ts';
import { TemplateFieldError } from './template-error.ts';
import { isList, isMap, isTrue, keysOf, kindOf, printedText, type Value } from './values.ts';

/** The value at hand, and the variables of the blocks around, innermost last. */
type Frame = { readonly dot: Value; readonly variables: readonly Map<string, Value>[] };

/** How a list of nodes ended. */
type Flow = 'next' | 'break' | 'continue';

function inner(frame: Frame, dot: Value = frame.dot): Frame {
	return { dot, variables: [...frame.variables, new Map()] };
}

function setVariable({ variables }: Frame, name: string, value: Value, declares: boolean): void {
	const block = declares ? variables.at(-1) : variables.findLast((candidate) => candidate.has(name));
	block?.set(name, value);
}

function fieldOf(value: Value, name: string): Value {
	if (!isMap(value)) throw new TemplateFieldError(`there is no field ".${name}" in ${kindOf(value)}`);
	if (!Object.hasOwn(value, name)) throw new TemplateFieldError(`the object has no field ".${name}"`);
	return value[name] ?? null;
}

function evaluateOperand(operand: Operand, frame: Frame): Value {
	switch (operand.kind) {
		case 'dot':
			return frame.dot;
		case 'variable':
			return frame.variables.findLast((block) => block.has(operand.name))?.get(operand.name) ?? null;
		case 'literal':
			return operand.value;
		case 'function':
			return callFunction(operand.name, []);
		case 'pipeline':
			return evaluate(operand.pipeline, frame);
		case 'fields':
			return operand.names.reduce(fieldOf, evaluateOperand(operand.of, frame));
	}
}

/** The first value that decides, or the last one; what stands behind it is not looked at. */
function evaluateUntil(
	stops: boolean,
	operands: readonly Operand[],
	piped: readonly Value[],
	frame: Frame,
): Value {
	let value: Value = null;
	for (const operand of operands) {
		value = evaluateOperand(operand, frame);
		if (isTrue(value) === stops) return value;
	}
	return piped.length > 0 ? (piped[0] ?? null) : value;
}

function evaluateCommand([first, ...rest]: Command, piped: readonly Value[], frame: Frame): Value {
	if (first.kind !== 'function') return evaluateOperand(first, frame);
	const { name } = first;
	const shortCircuits = (name === 'and' || name === 'or') && rest.length + piped.length > 0;
	if (shortCircuits) return evaluateUntil(name === 'or', rest, piped, frame);
	return callFunction(name, [...rest.map((operand) => evaluateOperand(operand, frame)), ...piped]);
}

/** The value of a pipeline, without regard to its variables. */
function valueOfPipeline({ commands }: Pipeline, frame: Frame): Value {
	const [first, ...rest] = commands;
	return rest.reduce<Value>(
		(value, command) => evaluateCommand(command, [value], frame),
		evaluateCommand(first, [], frame),
	);
}

function evaluate(pipeline: Pipeline, frame: Frame): Value {
	const value = valueOfPipeline(pipeline, frame);
	for (const name of pipeline.variables) setVariable(frame, name, value, pipeline.declares);
	return value;
}

/** What a range goes through, as pairs of index or key, and value. */
function entriesOf(value: Value): readonly (readonly [Value, Value])[] {
	if (value === null) return [];
	if (isList(value)) return value.map((item, index) => [index, item]);
	if (isMap(value)) return keysOf(value).map((key) => [key, value[key] ?? null]);
	if (typeof value === 'number' && Number.isInteger(value) && value <= 1e6) {
		return Array.from({ length: Math.max(0, value) }, (_, index) => [index, index]);
	}
	throw new TemplateFieldError(`range cannot go through ${kindOf(value)}`);
}

function runRange(node: Extract<Node, { readonly body: unknown }>, frame: Frame, out: string[]): Flow {
	const { pipeline, body, otherwise } = node;
	const entries = entriesOf(valueOfPipeline(pipeline, frame));
	if (entries.length === 0) return run(otherwise, inner(frame), out);
	const [first, second] = pipeline.variables;
	for (const [key, value] of entries) {
		const pass = inner(frame, value);
		if (first !== undefined) setVariable(pass, first, second === undefined ? value : key, pipeline.declares);
		if (second !== undefined) setVariable(pass, second, value, pipeline.declares);
		if (run(body, pass, out) === 'break') break;
	}
	return 'next';
}

function run(nodes: readonly Node[], frame: Frame, out: string[]): Flow {
	for (const node of nodes) {
		switch (node.kind) {
			case 'text':
				out.push(node.text);
				break;
			case 'print': {
				const value = evaluate(node.pipeline, frame);
				if (node.pipeline.variables.length === 0) out.push(printedText(value));
				break;
			}
			case 'break':
			case 'continue':
				return node.kind;
			case 'range':
				runRange(node, frame, out);
				break;
			case 'if':
			case 'with': {
				const block = inner(frame);
				const value = evaluate(node.pipeline, block);
				const dot = node.kind === 'with' && isTrue(value) ? value : frame.dot;
				const flow = run(isTrue(value) ? node.body : node.otherwise, inner(block, dot), out);
				if (flow !== 'next') return flow;
			}
		}
	}
	return 'next';
}

/** @throws TemplateFieldError where the value does not have what the template asks for. */
export function fill(nodes: readonly Node[], root: Value): string {
	const out: string[] = [];
	run(nodes, { dot: root, variables: [new Map([['', root]])] }, out);
	return out.join('');
}
