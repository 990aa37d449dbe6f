/**
 * Remembers what a pure function made of each object, by the object itself and for as long as that lives. For values that are
 * never changed but replaced, such as records: what is asked for again and again is then made once.
 */
export function remembered<From extends object, To>(make: (from: From) => To): (from: From) => To {
	const made = new WeakMap<From, To>();
	return (from) => {
		const known = made.get(from);
		// What is undefined is made again, which costs time and nothing else.
		if (known !== undefined) return known;
		const result = make(from);
		made.set(from, result);
		return result;
	};
}
