import type { Clock } from "./clock.ts";

interface Timer {
	at: number;
	order: number;
	every: number | null;
	fn: () => void;
}

/* A clock for tests: time moves only when it is told to, and every timer on the way goes off in order. */
export class VirtualClock implements Clock {
	#now: number;
	#order = 0;
	#timers = new Set<Timer>();

	constructor(now = 1_700_000_000_000) {
		this.#now = now;
	}

	now(): number {
		return this.#now;
	}

	after(ms: number, fn: () => void): () => void {
		return this.#set(ms, null, fn);
	}

	every(ms: number, fn: () => void): () => void {
		return this.#set(ms, ms, fn);
	}

	get timers(): number {
		return this.#timers.size;
	}

	/* Lets promises settle, then moves on to each timer that is due within ms. */
	async advance(ms: number): Promise<void> {
		const end = this.#now + ms;
		await settle();
		for (;;) {
			const next = this.#next(end);
			if (next === null) break;
			this.#now = Math.max(this.#now, next.at);
			if (next.every === null) this.#timers.delete(next);
			else next.at += next.every;
			next.fn();
			await settle();
		}
		this.#now = end;
	}

	#set(ms: number, every: number | null, fn: () => void): () => void {
		const timer: Timer = { at: this.#now + Math.max(0, ms), order: this.#order++, every, fn };
		this.#timers.add(timer);
		return () => {
			this.#timers.delete(timer);
		};
	}

	#next(end: number): Timer | null {
		let next: Timer | null = null;
		for (const timer of this.#timers) {
			if (timer.at > end) continue;
			if (next === null || timer.at < next.at || (timer.at === next.at && timer.order < next.order))
				next = timer;
		}
		return next;
	}
}

/* Promises that depend on promises: enough turns for everything the models do without waiting for time. Storage in tests answers
 * in tasks, not microtasks, so some turns are given to those as well. */
export async function settle(): Promise<void> {
	for (let turn = 0; turn < 100; turn++) await Promise.resolve();
}
