/* Calls that ring here: acknowledged, sounded, shown outside the page when it is hidden; silent again as soon as the server says so. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Call } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { isMissed } from "./logs.ts";
import { Ringer } from "./ringer.ts";
import type { IncomingView } from "./types/calls.ts";

export class Incoming {
	readonly views: ReadonlySignal<readonly IncomingView[]>;
	readonly #core: Core;
	readonly #ringer: Ringer;
	readonly #answering = signal<ReadonlySet<string>>(new Set());
	#acked = new Set<string>();

	constructor(core: Core, calls: ReadonlySignal<ReadonlyMap<string, Call>>, inCall: () => boolean) {
		this.#core = core;
		this.#ringer = new Ringer(core, inCall);
		this.views = computed(() => {
			const waiting = inCall();
			const mine = core.me.value?.id;
			return [...calls.value.values()]
				.filter(call => call.to === mine && (call.state === "reaching" || call.state === "ringing"))
				.map(call => ({
					call: call.call,
					conv: call.conv,
					person: core.person(call.from),
					kind: call.kind,
					startedTs: call.started,
					waiting,
					answering: this.#answering.value.has(call.call),
				}));
		});
		/* After a reconnect the acknowledgement is given again: the server may have lost it with the line. */
		core.scope.add(core.socket.hellos.on(() => this.#acked.clear()));
	}

	changed(call: Call, known: Call | undefined): void {
		if (call.to !== this.#core.me.value?.id) return;
		if (call.state === "reaching" || call.state === "ringing") this.#ring(call);
		else this.#stopped(call, known);
	}

	gone(call: string): void {
		this.#ringer.stop(call);
		this.answering(call, false);
	}

	silence(call: string): void {
		this.#ringer.silence(call);
	}

	answering(call: string, on: boolean): void {
		const next = new Set(this.#answering.value);
		if (on) next.add(call);
		else next.delete(call);
		this.#answering.value = next;
		if (on) this.silence(call);
	}

	#ring(call: Call): void {
		if (!this.#acked.has(call.call)) {
			this.#acked.add(call.call);
			void this.#core.tell("call.ring", { call: call.call }, { again: true });
		}
		const text = this.#core.env.words.incomingCall(call.kind, this.#core.person(call.from).name);
		this.#ringer.ring(call.call, call.conv, text);
	}

	#stopped(call: Call, known: Call | undefined): void {
		const rang = this.#ringer.has(call.call);
		this.gone(call.call);
		if (!rang && known === undefined) return;
		const me = this.#core.me.value?.id;
		if (call.state === "answered" && !call.mine && call.answered_by === me) {
			this.#core.toast({ type: "answeredElsewhere", device: call.answered_device });
		} else if (call.state === "ended" && rang && call.outcome !== null && isMissed(call.outcome)) {
			this.#core.announce(this.#core.env.words.missedCall(call.kind, this.#core.person(call.from).name));
		}
	}
}
