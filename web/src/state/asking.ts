/* Turning a voice call into a video call: one asks, the other agrees. Both asking at once is agreeing. */
import { signal } from "@preact/signals";
import type { Scope } from "../lib/scope.ts";
import type { Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { TalkAsk } from "./types/talk.ts";

const ASK_MS = 30_000;
const REFUSED_MS = 6_000;

export class Asking {
	readonly state = signal<TalkAsk>("none");
	/* Both want pictures. */
	readonly agreed = signal(false);
	readonly #call: string;
	readonly #core: Core;
	readonly #onAgreed: () => void;
	#offTimer: () => void = () => {};

	constructor(call: string, core: Core, scope: Scope, onAgreed: () => void) {
		this.#call = call;
		this.#core = core;
		this.#onAgreed = onAgreed;
		/* Agreed before this page was loaded again. */
		this.agreed.value = core.env.keep.get("talkVideo") === call;
		scope.add(() => this.#offTimer());
		scope.add(
			core.socket.events.on(event => {
				if (event.ev === "media.ask" && event.call === call && event.user !== core.me.value?.id)
					this.#heard(event.yes);
			}),
		);
	}

	ask(): Promise<Result> {
		this.#become("asked", ASK_MS);
		return this.#tell(null);
	}

	reply(yes: boolean): Promise<Result> {
		if (yes) this.agree();
		else this.#become("none");
		return this.#tell(yes);
	}

	agree(): void {
		this.#become("none");
		this.agreed.value = true;
		this.#core.env.keep.set("talkVideo", this.#call);
	}

	#heard(yes: boolean | null): void {
		if (yes === null) {
			if (this.agreed.value) void this.#tell(true);
			else if (this.state.value === "asked") {
				void this.#tell(true);
				this.agree();
				this.#onAgreed();
			} else this.#become("asks", ASK_MS);
		} else if (this.state.value === "asked") {
			if (!yes) this.#become("refused", REFUSED_MS);
			else {
				this.agree();
				this.#onAgreed();
			}
		}
	}

	#become(state: TalkAsk, ms?: number): void {
		this.#offTimer();
		this.state.value = state;
		if (ms !== undefined)
			this.#offTimer = this.#core.env.clock.after(ms, () => {
				this.state.value = "none";
			});
	}

	#tell(yes: boolean | null): Promise<Result> {
		return this.#core.tell("media.ask", { call: this.#call, yes }, { again: true });
	}
}
