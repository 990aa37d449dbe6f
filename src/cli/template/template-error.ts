import { UsageError } from '../usage-error.ts';

/** A template that cannot be read; says where and which construct. */
export class TemplateSyntaxError extends UsageError {
	constructor(problem: string, line: number) {
		super(`cannot read the template${line > 1 ? `, line ${line}` : ''}: ${problem}`);
	}
}

/** A template that the document does not fit. */
export class TemplateFieldError extends Error {
	override readonly name = 'TemplateFieldError';
	constructor(problem: string) {
		super(`cannot fill the template: ${problem}`);
	}
}
