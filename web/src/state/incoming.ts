/* Calls that ring here: acknowledged, sounded, shown outside the page when it is hidden; silent again as soon as the server says so. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { Scope } from "../lib/scope.ts";
import type { Call } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { isMissed } from "./logs.ts";
import { tagOf } from "./notices.ts";
import type { IncomingView } from "./types/calls.ts";

const VIBRATE: readonly number[] = [400, 200, 400, 1000];
const VIBRATE_EVERY_MS = 3_000;

export class Incoming {
	readonly views: ReadonlySignal<readonly IncomingView[]>;
	readonly #core: Core;
	readonly #inCall: () => boolean;
	readonly #answering = signal<ReadonlySet<string>>(new Set());
	#ringing = new Map<string, Scope>();
	#acked = new Set<string>();

	constructor(core: Core, calls: ReadonlySignal<ReadonlyMap<string, Call>>, inCall: () => boolean) {
		this.#core = core;
		this.#inCall = inCall;
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
		core.scope.add(() => {
			for (const scope of this.#ringing.values()) scope.end();
		});
	}

	changed(call: Call, known: Call | undefined): void {
		if (call.to !== this.#core.me.value?.id) return;
		if (call.state === "reaching" || call.state === "ringing") this.#ring(call);
		else this.#stopped(call, known);
	}

	gone(call: string): void {
		this.#ringing.get(call)?.end();
		this.#ringing.delete(call);
		this.answering(call, false);
	}

	silence(call: string): void {
		this.#ringing.get(call)?.end();
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
		if (this.#ringing.has(call.call)) return;
		const scope = new Scope();
		this.#ringing.set(call.call, scope);
		const { env } = this.#core;
		const text = env.words.incomingCall(call.kind, this.#core.person(call.from).name);
		this.#core.announce(text);
		this.#core.flash.value = text;
		scope.add(() => {
			this.#core.flash.value = null;
		});
		if (!env.page.visible()) {
			env.notify.show({ tag: tagOf(call), title: text, conv: call.conv, ringing: true });
			scope.add(() => env.notify.close(tagOf(call)));
		}
		/* Nothing sounds over somebody's speech. */
		if (this.#inCall()) return;
		scope.add(env.sounds.loop("ring"));
		if (this.#core.prefs.value.sounds) {
			env.page.vibrate(VIBRATE);
			scope.add(env.clock.every(VIBRATE_EVERY_MS, () => env.page.vibrate(VIBRATE)));
			scope.add(() => env.page.vibrate([]));
		}
	}

	#stopped(call: Call, known: Call | undefined): void {
		const rang = this.#ringing.has(call.call);
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
