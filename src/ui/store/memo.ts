/**
 * Remembers the newest result of a pure function of the state, as long as everything it reads (by identity)
 * stays the same. One result is enough: there is one state tree, and it moves forward.
 */
export function memoized<State, const Inputs extends readonly unknown[], Result>(
	inputsOf: (state: State) => Inputs,
	compute: (...inputs: Inputs) => Result,
): (state: State) => Result {
	let last: { readonly inputs: Inputs; readonly result: Result } | undefined;
	return (state) => {
		const inputs = inputsOf(state);
		if (last?.inputs.every((input, index) => Object.is(input, inputs[index]))) return last.result;
		last = { inputs, result: compute(...inputs) };
		return last.result;
	};
}
