/* A lifetime. What is added ends when the scope ends, last first; what is added to an ended scope ends at once. Timers, listeners,
 * tracks and sockets all belong to one, so that nothing outlives the thing it was for. */
export class Scope {
	#ends: (() => void)[] = [];
	#ended = false;

	get ended(): boolean {
		return this.#ended;
	}

	/* Returns a function that ends just this one now. */
	add(end: () => void): () => void {
		if (this.#ended) {
			end();
			return () => {};
		}
		let live = true;
		const once = () => {
			if (!live) return;
			live = false;
			this.#ends = this.#ends.filter(other => other !== once);
			end();
		};
		this.#ends.push(once);
		return once;
	}

	child(): Scope {
		const child = new Scope();
		const forget = this.add(() => child.end());
		child.add(forget);
		return child;
	}

	end(): void {
		if (this.#ended) return;
		this.#ended = true;
		for (const end of this.#ends.reverse()) end();
		this.#ends = [];
	}
}
