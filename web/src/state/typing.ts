/* Who is writing, and what I have not sent. A sign of writing is good for some seconds; it has no end of its own. */
import { signal } from "@preact/signals";
import type { Core } from "./core.ts";

const SHOWN_MS = 5_000;
const TOLD_MS = 3_000;

export class Typing {
	readonly who = signal<ReadonlySet<number>>(new Set());
	/* Text being written, by chat. */
	readonly drafts = signal<ReadonlyMap<number, string>>(new Map());
	readonly #core: Core;
	#offs = new Map<number, () => void>();
	#toldTs = 0;

	constructor(core: Core) {
		this.#core = core;
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "typing" && event.user !== core.me.value?.id) this.#typing(event.conv);
				else if (event.ev === "entry" && event.entry.from !== core.me.value?.id) this.#over(event.entry.conv);
			}),
		);
	}

	mine(conv: number): void {
		const now = this.#core.env.clock.now();
		if (now - this.#toldTs < TOLD_MS) return;
		this.#toldTs = now;
		void this.#core.tell("typing", { conv });
	}

	#typing(conv: number): void {
		this.#offs.get(conv)?.();
		this.#offs.set(
			conv,
			this.#core.env.clock.after(SHOWN_MS, () => this.#over(conv)),
		);
		this.who.value = new Set(this.who.value).add(conv);
	}

	#over(conv: number): void {
		this.#offs.get(conv)?.();
		this.#offs.delete(conv);
		if (!this.who.value.has(conv)) return;
		const rest = new Set(this.who.value);
		rest.delete(conv);
		this.who.value = rest;
	}
}
