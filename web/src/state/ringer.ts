/* Something rings here: it is spoken, flashes in the title, is shown outside the page when that is hidden, and sounds. */
import { Scope } from "../lib/scope.ts";
import type { Core } from "./core.ts";
import { tagOf } from "./notices.ts";

const VIBRATE: readonly number[] = [400, 200, 400, 1000];
const VIBRATE_EVERY_MS = 3_000;

export class Ringer {
	readonly #core: Core;
	/* Nothing sounds over somebody's speech. */
	readonly #inCall: () => boolean;
	#ringing = new Map<string, Scope>();

	constructor(core: Core, inCall: () => boolean) {
		this.#core = core;
		this.#inCall = inCall;
		core.scope.add(() => {
			for (const scope of this.#ringing.values()) scope.end();
		});
	}

	has(call: string): boolean {
		return this.#ringing.has(call);
	}

	/* Once a call, however often it is told. */
	ring(call: string, conv: number, text: string): void {
		if (this.#ringing.has(call)) return;
		const scope = new Scope();
		this.#ringing.set(call, scope);
		const { env } = this.#core;
		this.#core.announce(text);
		this.#core.flash.value = text;
		scope.add(() => {
			this.#core.flash.value = null;
		});
		const tag = tagOf({ call });
		if (!env.page.visible()) {
			env.notify.show({ tag, title: text, conv, ringing: true });
			scope.add(() => env.notify.close(tag));
		}
		if (this.#inCall()) return;
		scope.add(env.sounds.loop("ring"));
		if (this.#core.prefs.value.sounds) {
			env.page.vibrate(VIBRATE);
			scope.add(env.clock.every(VIBRATE_EVERY_MS, () => env.page.vibrate(VIBRATE)));
			scope.add(() => env.page.vibrate([]));
		}
	}

	/* Still known, so that it does not begin again. */
	silence(call: string): void {
		this.#ringing.get(call)?.end();
	}

	stop(call: string): void {
		this.silence(call);
		this.#ringing.delete(call);
	}
}
