/** Answers that are there at once, most of the time. */

/** Something that is there, or will be. */
export type Soon<Value> = Value | Promise<Value>;

/** Makes something of it: in the same turn where it is there. @throws what `make` throws, where it is there */
export function whenThere<From, To>(value: Soon<From>, make: (value: From) => To): Soon<To> {
	return value instanceof Promise ? value.then(make) : make(value);
}
