/* What of me goes into a call: voice, camera, screen. Each is open only while it is sent, and closed with its scope. */
import { effect, type Signal, signal } from "@preact/signals";
import type { Scope } from "../lib/scope.ts";
import type { Capture, Facing, Slot, TalkDevices } from "../media/talkPorts.ts";
import { type ErrorCode, failure, type Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { TalkTrouble } from "./types/talk.ts";

export interface OwnMediaParts {
	readonly core: Core;
	readonly devices: TalkDevices;
	readonly scope: Scope;
	send(slot: Slot, track: MediaStreamTrack | null): void;
	/* Something was switched on or off: the other side is to be told. */
	changed(): void;
}

export class OwnMedia {
	readonly muted = signal(false);
	/* Space is held. */
	readonly through = signal(false);
	/* Kept from the others whatever the switch says: a note is being recorded. */
	readonly held = signal(false);
	readonly camera = signal<Capture | null>(null);
	readonly screen = signal<Capture | null>(null);
	readonly microphoneTrouble = signal<TalkTrouble | null>(null);
	readonly cameraTrouble = signal<TalkTrouble | null>(null);
	readonly facing = signal<Facing | null>(null);
	readonly #parts: OwnMediaParts;
	#microphone: Capture | null = null;
	#meter: { level(): number | null; close(): void } | null = null;
	/* What is being opened: a later wish makes an earlier one void. */
	#turns: Record<Slot, number> = { audio: 0, camera: 0, screen: 0 };

	constructor(parts: OwnMediaParts, ready: Promise<Result<{ capture: Capture }>> | null) {
		this.#parts = parts;
		const { scope, core } = parts;
		scope.add(() => {
			for (const slot of ["audio", "camera", "screen"] as const) this.#turns[slot]++;
			this.#dropMicrophone();
			for (const one of [this.camera, this.screen]) {
				one.value?.close();
				one.value = null;
			}
		});
		void this.#openMicrophone(ready);
		scope.add(this.#onChosen("microphone", () => void this.#openMicrophone(null)));
		scope.add(
			this.#onChosen("camera", () => {
				this.facing.value = null;
				if (this.camera.value !== null) void this.setCamera(true);
			}),
		);
		scope.add(core.env.page.onVisible(() => void this.#revive()));
	}

	get heard(): boolean {
		return !this.held.value && (!this.muted.value || this.through.value);
	}

	level(): number {
		if (!this.heard || this.#microphone === null) return 0;
		this.#meter ??= this.#parts.devices.meter(this.#microphone);
		return this.#meter.level() ?? 0;
	}

	setMuted(on: boolean): void {
		this.muted.value = on;
		this.#apply();
	}

	hold(on: boolean): void {
		if (this.held.peek() === on) return;
		this.held.value = on;
		this.#apply();
	}

	talkThrough(on: boolean): void {
		if (this.through.value === on || !this.muted.value) return;
		this.through.value = on;
		this.#apply();
	}

	async setCamera(on: boolean, facing = this.facing.value): Promise<Result> {
		const turn = ++this.#turns.camera;
		if (!on) {
			this.#put("camera", this.camera, null);
			return { ok: true };
		}
		/* A phone has only one camera open at a time. */
		if (facing !== this.facing.value) this.#put("camera", this.camera, null);
		const opened = await this.#parts.devices.camera(this.#parts.core.prefs.value.camera, facing);
		if (!this.#current("camera", turn, opened)) return { ok: true };
		this.cameraTrouble.value = opened.ok ? null : troubleOf(opened.code);
		if (!opened.ok) {
			this.#put("camera", this.camera, null);
			return opened;
		}
		this.facing.value = facing;
		this.#put("camera", this.camera, opened.capture);
		return { ok: true };
	}

	flip(): Promise<Result> {
		if (this.camera.value === null) return Promise.resolve(failure("gone"));
		return this.setCamera(true, this.facing.value === "environment" ? "user" : "environment");
	}

	async setScreen(on: boolean): Promise<Result> {
		const turn = ++this.#turns.screen;
		if (!on) {
			this.#put("screen", this.screen, null);
			return { ok: true };
		}
		const opened = await this.#parts.devices.screen();
		if (!this.#current("screen", turn, opened)) return { ok: true };
		if (opened.ok) this.#put("screen", this.screen, opened.capture);
		/* Thought better of it in the browser's own dialog: nothing to tell. */ else if (
			opened.code === "denied"
		)
			return { ok: true };
		return opened.ok ? { ok: true } : opened;
	}

	#onChosen(name: "microphone" | "camera", changed: () => void): () => void {
		let chosen = this.#parts.core.prefs.peek()[name];
		return effect(() => {
			const now = this.#parts.core.prefs.value[name];
			if (now === chosen) return;
			chosen = now;
			queueMicrotask(changed);
		});
	}

	async #openMicrophone(ready: Promise<Result<{ capture: Capture }>> | null): Promise<void> {
		const turn = ++this.#turns.audio;
		const { core, devices, send } = this.#parts;
		const opened = await (ready ?? devices.microphone(core.prefs.peek().microphone));
		if (!this.#current("audio", turn, opened)) return;
		this.#dropMicrophone();
		this.microphoneTrouble.value = opened.ok ? null : troubleOf(opened.code);
		if (!opened.ok) {
			send("audio", null);
			this.#parts.changed();
			return;
		}
		const { capture } = opened;
		this.#microphone = capture;
		/* Unplugged, or taken: the standard one takes its place, where there is one. */
		capture.onEnded = () => void this.#openMicrophone(null);
		capture.track.enabled = this.heard;
		send("audio", capture.track);
		this.#parts.changed();
	}

	/* The page was away and something else had the microphone meanwhile. */
	async #revive(): Promise<void> {
		if (this.#parts.core.env.page.visible() && this.microphoneTrouble.value === "in_use")
			await this.#openMicrophone(null);
	}

	#dropMicrophone(): void {
		this.#meter?.close();
		this.#meter = null;
		this.#microphone?.close();
		this.#microphone = null;
	}

	/* false: nobody waits for it any more. */
	#current(slot: Slot, turn: number, opened: Result<{ capture: Capture }>): boolean {
		if (turn === this.#turns[slot]) return true;
		if (opened.ok) opened.capture.close();
		return false;
	}

	#put(slot: "camera" | "screen", into: Signal<Capture | null>, capture: Capture | null): void {
		const before = into.value;
		into.value = capture;
		this.#parts.send(slot, capture?.track ?? null);
		before?.close();
		if (capture !== null) capture.onEnded = () => this.#put(slot, into, null);
		if (before !== capture) this.#parts.changed();
	}

	#apply(): void {
		if (this.#microphone !== null) this.#microphone.track.enabled = this.heard;
		this.#parts.changed();
	}
}

function troubleOf(code: ErrorCode): TalkTrouble {
	return code === "denied" || code === "no_device" ? code : "in_use";
}
