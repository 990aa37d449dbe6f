/** What a template says, once it is read. */

/** One part of a pipeline that has a value. */
export type Operand =
	/** The value at hand, `.`; and the fields behind it. */
	| { readonly kind: 'dot' }
	| { readonly kind: 'variable'; readonly name: string }
	| { readonly kind: 'literal'; readonly value: string | number | boolean | null }
	| { readonly kind: 'function'; readonly name: string }
	| { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
	| { readonly kind: 'fields'; readonly of: Operand; readonly names: readonly string[] };

/** A function with its arguments, or one operand alone. */
export type Command = readonly [Operand, ...Operand[]];

/** Commands, each of which gets the value of the one before as its last argument. */
export type Pipeline = {
	/** `$x :=` or `$x =`; two in a range. */
	readonly variables: readonly string[];
	readonly declares: boolean;
	readonly commands: readonly [Command, ...Command[]];
	readonly line: number;
};

export type Node =
	| { readonly kind: 'text'; readonly text: string }
	| { readonly kind: 'print'; readonly pipeline: Pipeline }
	| {
			readonly kind: 'if' | 'with' | 'range';
			readonly pipeline: Pipeline;
			readonly body: readonly Node[];
			readonly otherwise: readonly Node[];
	  }
	| { readonly kind: 'break' | 'continue' };
