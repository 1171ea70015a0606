/* The one player: a note at a time, from where I was, on to the next one that I have not heard. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { Scope } from "../lib/scope.ts";
import type { MediaLike } from "../media/ports.ts";
import type { ErrorCode } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { PlayerModel, Speed } from "./types/playing.ts";
import type { NoteView } from "./types/thread.ts";

const SPEEDS: readonly Speed[] = [1, 1.25, 1.5, 2];
const TICK_MS = 100;
const SAVE_MS = 5_000;
/* So much is repeated when a note is taken up again: one finds back into the sentence. */
const EARLIER_MS = 1_500;
const NEAR_END_MS = 300;

export class Player implements PlayerModel {
	/* The next note of that chat to be played after this one; null = none. */
	nextOf: (note: NoteView) => NoteView | null = () => null;
	onPlay: () => void = () => {};
	readonly #core: Core;
	readonly #current = signal<NoteView | null>(null);
	readonly #playing = signal(false);
	readonly #waiting = signal(false);
	readonly #positionMs = signal(0);
	readonly #speed = signal<Speed>(1);
	readonly #failed = signal<ErrorCode | null>(null);
	readonly #picture = signal<HTMLVideoElement | null>(null);
	#element: MediaLike | null = null;
	#audio: MediaLike | null = null;
	#video: (MediaLike & HTMLVideoElement) | null = null;
	#scope = new Scope();
	#savedMs = -1;

	constructor(core: Core) {
		this.#core = core;
		this.#speed.value = core.prefs.value.speed;
		core.scope.add(() => this.stop());
		core.scope.add(core.env.page.onLeave(() => this.#save()));
	}

	get current(): ReadonlySignal<NoteView | null> {
		return this.#current;
	}
	get playing(): ReadonlySignal<boolean> {
		return this.#playing;
	}
	get waiting(): ReadonlySignal<boolean> {
		return this.#waiting;
	}
	get positionMs(): ReadonlySignal<number> {
		return this.#positionMs;
	}
	get speed(): ReadonlySignal<Speed> {
		return this.#speed;
	}
	get failed(): ReadonlySignal<ErrorCode | null> {
		return this.#failed;
	}
	get picture(): ReadonlySignal<HTMLVideoElement | null> {
		return this.#picture;
	}

	play(note: NoteView): void {
		if (!same(this.#current.value, note)) this.#load(note, this.#startOf(note));
		else if (this.#positionMs.value >= note.durationMs - NEAR_END_MS) this.#jump(0);
		this.#start(note);
	}

	toggle(note: NoteView): void {
		if (same(this.#current.value, note) && this.#playing.value) this.pause();
		else this.play(note);
	}

	pause(): void {
		this.#element?.pause();
		this.#playing.value = false;
		this.#waiting.value = false;
		this.#save();
		this.#tell();
	}

	seek(note: NoteView, ms: number): void {
		const to = Math.max(0, Math.min(ms, note.durationMs));
		if (!same(this.#current.value, note)) this.#load(note, to);
		else this.#jump(to);
		this.#save();
	}

	nextSpeed(): void {
		const at = SPEEDS.indexOf(this.#speed.value);
		const next = SPEEDS[(at + 1) % SPEEDS.length] ?? 1;
		this.#speed.value = next;
		this.#core.setPref("speed", next);
		if (this.#element !== null) this.#element.playbackRate = next;
		this.#tell();
	}

	positionOf(note: NoteView): number {
		return same(this.#current.value, note) ? this.#positionMs.value : note.positionMs;
	}

	stop(): void {
		if (this.#current.value !== null) this.#save();
		this.#scope.end();
		this.#element?.pause();
		this.#element?.removeAttribute("src");
		this.#element?.load();
		this.#element = null;
		this.#current.value = null;
		this.#picture.value = null;
		this.#playing.value = false;
		this.#waiting.value = false;
		this.#core.env.playing.session.set(null, null);
	}

	#startOf(note: NoteView): number {
		const at = this.#core.noteState(note.conv, note.seq)?.position_ms ?? note.positionMs;
		return at >= note.durationMs - NEAR_END_MS ? 0 : Math.max(0, at - EARLIER_MS);
	}

	#load(note: NoteView, atMs: number): void {
		this.stop();
		this.#failed.value = null;
		this.#scope = new Scope();
		const { playing } = this.#core.env;
		if (note.kind === "video") this.#video ??= playing.video();
		else this.#audio ??= playing.audio();
		const element = note.kind === "video" ? this.#video : this.#audio;
		if (element === null) return;
		this.#element = element;
		this.#picture.value = note.kind === "video" ? this.#video : null;
		this.#current.value = note;
		this.#savedMs = atMs;
		this.#listen(element, note);
		element.preload = "auto";
		element.src = note.src;
		element.preservesPitch = true;
		element.playbackRate = this.#speed.value;
		this.#positionMs.value = atMs;
		if (atMs > 0) element.currentTime = atMs / 1000;
	}

	#listen(element: MediaLike, note: NoteView): void {
		const on = (name: string, listener: () => void) => {
			element.addEventListener(name, listener);
			this.#scope.add(() => element.removeEventListener(name, listener));
		};
		on("ended", () => this.#ended(note));
		on("error", () => this.#broken());
		on("waiting", () => {
			this.#waiting.value = this.#playing.value;
		});
		on("playing", () => {
			this.#waiting.value = false;
		});
		/* Headphones, the lock screen or another program paused it. */
		on("pause", () => {
			if (this.#playing.value && !element.ended) this.pause();
		});
		/* Sources that are loaded anew forget their speed. */
		on("loadedmetadata", () => {
			element.playbackRate = this.#speed.value;
		});
		let sinceSave = 0;
		this.#scope.add(
			this.#core.env.clock.every(TICK_MS, () => {
				if (!this.#playing.value) return;
				this.#positionMs.value = Math.min(element.currentTime * 1000, note.durationMs);
				sinceSave += TICK_MS;
				if (sinceSave < SAVE_MS) return;
				sinceSave = 0;
				this.#save();
			}),
		);
	}

	#start(note: NoteView): void {
		const element = this.#element;
		if (element === null) return;
		this.onPlay();
		this.#playing.value = true;
		this.#failed.value = null;
		element.playbackRate = this.#speed.value;
		element.play().catch((error: unknown) => {
			/* A pause that came before the start is no fault. */
			if (error instanceof Error && error.name === "AbortError") return;
			if (this.#element === element) this.pause();
		});
		this.#markPlayed(note);
		this.#tell();
	}

	#markPlayed(note: NoteView): void {
		if (note.mine || this.#core.noteState(note.conv, note.seq)?.played === true) return;
		this.#core.patchNote(note.conv, note.seq, { played: true });
		void this.#core.tell("note.played", { conv: note.conv, seq: note.seq }, { again: true });
	}

	#jump(ms: number): void {
		this.#positionMs.value = ms;
		if (this.#element !== null) this.#element.currentTime = ms / 1000;
		this.#tell();
	}

	#ended(note: NoteView): void {
		this.#playing.value = false;
		this.#positionMs.value = note.durationMs;
		this.#save();
		const next = this.nextOf(note);
		if (next !== null) this.play(next);
		else this.#tell();
	}

	#broken(): void {
		this.#playing.value = false;
		this.#waiting.value = false;
		this.#failed.value = this.#core.online ? "unreadable" : "offline";
		this.#tell();
	}

	#save(): void {
		const note = this.#current.value;
		const ms = Math.round(this.#positionMs.value);
		if (note === null || ms === this.#savedMs) return;
		this.#savedMs = ms;
		this.#core.patchNote(note.conv, note.seq, { position_ms: ms, played: true });
		void this.#core.tell("note.position", { conv: note.conv, seq: note.seq, ms });
	}

	#tell(): void {
		const note = this.#current.value;
		const { session } = this.#core.env.playing;
		if (note === null) return;
		session.set(this.#core.personOf(note.conv).name, {
			play: () => this.play(note),
			pause: () => this.pause(),
			seekBy: ms => this.seek(note, this.#positionMs.value + ms),
			next: () => {
				const next = this.nextOf(note);
				if (next !== null) this.play(next);
			},
		});
		session.position(note.durationMs, this.#positionMs.value, this.#speed.value, this.#playing.value);
	}
}

function same(a: NoteView | null, b: NoteView): boolean {
	return a !== null && a.conv === b.conv && a.seq === b.seq;
}
