/* Who is writing, and what I have not sent. A sign of writing is good for some seconds; it has no end of its own. */
import { signal } from "@preact/signals";
import type { Core } from "./core.ts";
import type { PersonView } from "./types/base.ts";

const SHOWN_MS = 5_000;
const TOLD_MS = 3_000;

export class Typing {
	readonly #who = signal<ReadonlyMap<number, readonly number[]>>(new Map());
	/* Text being written, by chat. */
	readonly drafts = signal<ReadonlyMap<number, string>>(new Map());
	readonly #core: Core;
	#offs = new Map<string, () => void>();
	#toldTs = 0;

	constructor(core: Core) {
		this.#core = core;
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "typing" && event.user !== core.me.value?.id) this.#typing(event.conv, event.user);
				else if (event.ev === "entry") this.#over(event.entry.conv, event.entry.from);
			}),
		);
	}

	mine(conv: number): void {
		const now = this.#core.env.clock.now();
		if (now - this.#toldTs < TOLD_MS) return;
		this.#toldTs = now;
		void this.#core.tell("typing", { conv });
	}

	of(conv: number): readonly PersonView[] {
		return (this.#who.value.get(conv) ?? []).map(user => this.#core.person(user));
	}

	#typing(conv: number, user: number): void {
		const name = `${conv}:${user}`;
		this.#offs.get(name)?.();
		this.#offs.set(
			name,
			this.#core.env.clock.after(SHOWN_MS, () => this.#over(conv, user)),
		);
		const who = this.#who.value.get(conv) ?? [];
		if (!who.includes(user)) this.#set(conv, [...who, user]);
	}

	#over(conv: number, user: number): void {
		const name = `${conv}:${user}`;
		this.#offs.get(name)?.();
		if (!this.#offs.delete(name)) return;
		const who = this.#who.value.get(conv) ?? [];
		this.#set(
			conv,
			who.filter(one => one !== user),
		);
	}

	#set(conv: number, who: readonly number[]): void {
		this.#who.value = new Map(this.#who.value).set(conv, who);
	}
}
