/* Ends a switch over a union: does not compile when a case is missing. */
export function unreachable(x: never): never {
	throw new Error(`unreachable: ${JSON.stringify(x)}`);
}
