/* Time as an argument, so that a minute of ringing takes no time in a test. */
export interface Clock {
	/* Milliseconds since 1970, of this device. */
	now(): number;
	/* Calls fn once after ms; the returned function calls it off. */
	after(ms: number, fn: () => void): () => void;
	every(ms: number, fn: () => void): () => void;
}

/* Resolves after ms. */
export function sleep(clock: Clock, ms: number): Promise<void> {
	return new Promise(resolve => {
		clock.after(ms, resolve);
	});
}

/* What the promise gives, or `late` after ms. The promise itself goes on. */
export function within<T, L>(clock: Clock, ms: number, promise: Promise<T>, late: L): Promise<T | L> {
	return new Promise((resolve, reject) => {
		const off = clock.after(ms, () => resolve(late));
		promise.then(
			value => {
				off();
				resolve(value);
			},
			error => {
				off();
				reject(error);
			},
		);
	});
}
