/* Notes that are being left for me: listen while they are spoken, or pick up. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { Scope } from "../lib/scope.ts";
import type { LiveSource } from "../media/liveSource.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Fragment } from "../wire/fragment.ts";
import type { Live as LiveWire } from "../wire/types.ts";
import type { Core } from "./core.ts";
import type { LiveModel, LiveView } from "./types/playing.ts";

const STAYS_MS = 4_000;

interface Listening {
	readonly rec: string;
	readonly scope: Scope;
	readonly state: "connecting" | "playing" | "later";
}

export class Live implements LiveModel {
	readonly notes: ReadonlySignal<readonly LiveView[]>;
	/* Told before it sounds, so that nothing else does. */
	onListen: () => void = () => {};
	readonly #core: Core;
	readonly #answerCall: (call: string) => Promise<Result>;
	readonly #live = signal<ReadonlyMap<string, LiveWire>>(new Map());
	readonly #listening = signal<Listening | null>(null);
	readonly #picture = signal<HTMLVideoElement | null>(null);
	#source: LiveSource | null = null;
	#early: Fragment[] = [];

	constructor(core: Core, answerCall: (call: string) => Promise<Result>) {
		this.#core = core;
		this.#answerCall = answerCall;
		this.notes = computed(() => [...this.#live.value.values()].map(live => this.#view(live)));
		core.scope.add(
			core.socket.hellos.on(hello => {
				this.#live.value = new Map(hello.live.map(live => [live.rec, live]));
				this.#again();
			}),
		);
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "live") this.#changed(event.live);
			}),
		);
		core.scope.add(core.socket.fragments.on(fragment => this.#fragment(fragment)));
		core.scope.add(() => this.#end());
	}

	get picture(): ReadonlySignal<HTMLVideoElement | null> {
		return this.#picture;
	}

	async listen(rec: string): Promise<Result> {
		const live = this.#live.value.get(rec);
		if (live === undefined) return failure("gone");
		this.#end();
		this.onListen();
		const scope = new Scope();
		const { playing } = this.#core.env;
		if (!playing.canPlayLive(live.mime)) {
			this.#listening.value = { rec, scope, state: "later" };
			return { ok: true };
		}
		this.#listening.value = { rec, scope, state: "connecting" };
		/* Made inside the click, so that the browser lets it sound. */
		const video = live.kind === "video" ? playing.video() : null;
		this.#picture.value = video;
		const element = video ?? playing.audio();
		const opening = playing.live(element, live.mime, state => this.#played(rec, state));
		const answer = await this.#core.ask("rec.listen", { rec });
		const source = await opening;
		scope.add(() => source.close());
		if (scope.ended) return failure("gone");
		if (!answer.ok) {
			this.#end();
			this.#core.failed("listen", answer.code);
			return failure(answer.code);
		}
		this.#source = source;
		for (const fragment of this.#early) source.push(fragment);
		this.#early = [];
		return { ok: true };
	}

	stop(rec: string): void {
		if (this.#listening.value?.rec !== rec) return;
		this.#end();
		void this.#core.tell("rec.unlisten", { rec });
	}

	async answer(rec: string): Promise<Result> {
		const call = this.#live.value.get(rec)?.call ?? null;
		if (call === null) return failure("gone");
		this.stop(rec);
		return this.#answerCall(call);
	}

	dismiss(rec: string): void {
		this.stop(rec);
		this.#remove(rec);
	}

	#view(live: LiveWire): LiveView {
		const listening = this.#listening.value;
		return {
			rec: live.rec,
			conv: live.conv,
			call: live.call,
			person: this.#core.person(live.from),
			kind: live.kind,
			state: live.state,
			ms: live.ms,
			listening: listening?.rec === live.rec ? listening.state : "off",
			canAnswer: live.call !== null && (live.state === "recording" || live.state === "paused"),
		};
	}

	#changed(live: LiveWire): void {
		const isNew = !this.#live.value.has(live.rec);
		const going = live.state === "recording" || live.state === "paused";
		if (isNew && !going) return;
		this.#live.value = new Map(this.#live.value).set(live.rec, live);
		if (isNew) {
			const text = this.#core.env.words.noteBeingLeft(live.kind, this.#core.person(live.from).name);
			this.#core.announce(text);
		}
		if (!going) this.#over(live);
	}

	#over(live: LiveWire): void {
		const heard = this.#listening.value?.rec === live.rec;
		if (heard && live.state === "sent") this.#source?.complete();
		else if (heard) this.#end();
		if (!heard) this.#remove(live.rec);
		else this.#core.env.clock.after(STAYS_MS, () => this.#remove(live.rec));
	}

	#remove(rec: string): void {
		if (!this.#live.value.has(rec)) return;
		const rest = new Map(this.#live.value);
		rest.delete(rec);
		this.#live.value = rest;
	}

	#fragment(fragment: Fragment): void {
		if (this.#listening.value?.rec !== fragment.rec) return;
		if (this.#source === null) this.#early.push(fragment);
		else this.#source.push(fragment);
	}

	/* After a reconnect: what was held back comes again and is known by its number. */
	#again(): void {
		const listening = this.#listening.value;
		if (listening === null || listening.state === "later") return;
		if (this.#live.value.has(listening.rec)) void this.#core.tell("rec.listen", { rec: listening.rec });
		else this.#end();
	}

	#played(rec: string, state: "connecting" | "playing" | "ended" | "failed"): void {
		const listening = this.#listening.value;
		if (listening?.rec !== rec) return;
		if (state === "playing") this.#listening.value = { ...listening, state: "playing" };
		else if (state === "failed") {
			this.#end();
			this.#listening.value = { rec, scope: new Scope(), state: "later" };
			void this.#core.tell("rec.unlisten", { rec });
		} else if (state === "ended") this.#end();
	}

	#end(): void {
		this.#listening.value?.scope.end();
		this.#listening.value = null;
		this.#source = null;
		this.#picture.value = null;
		this.#early = [];
	}
}
