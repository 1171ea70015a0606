/* One recording while it is being made: input -> encoder -> numbered fragments -> storage and server. Knows no screen; the recorder
 * model drives it. A pause keeps the encoder; what an encoder cannot go on with (a continued draft, a lost camera) starts a segment. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../lib/clock.ts";
import { foldPeaks, Levels } from "../lib/peaks.ts";
import { Scope } from "../lib/scope.ts";
import type { Kind } from "../wire/types.ts";
import { filesOf } from "./files.ts";
import type { Devices, Encoder, Input } from "./ports.ts";
import type { LocalRec, Storage } from "./storage.ts";
import type { Upload } from "./upload.ts";

export const LEVEL_MS = 50;
const WAVE = 200;
const SILENT_MS = 2_000;
const SILENT_LEVEL = 0.004;

export interface RecordingEnv {
	readonly clock: Clock;
	readonly devices: Devices;
	readonly storage: Storage;
	readonly fragmentMax: number;
	readonly maxMs: number;
}

export interface RecordingEvents {
	/* The first sound is in. */
	started(): void;
	limit(): void;
	failed(): void;
}

export class Recording {
	readonly #env: RecordingEnv;
	readonly #events: RecordingEvents;
	readonly #upload: Upload;
	readonly #scope = new Scope();
	#segment = new Scope();
	#local: LocalRec;
	#levels = new Levels();
	#encoder: Encoder | null = null;
	#input: Input | null = null;
	#nextSeg: number;
	#segOpen = false;
	#baseMs: number;
	#sinceTs: number | null = null;
	#silentMs = 0;
	#writes: Promise<unknown> = Promise.resolve();

	#near: { readonly at: number; readonly signal: ReadonlySignal<boolean> } | null = null;

	readonly #ms = signal(0);
	readonly #level = signal(0);
	readonly #wave = signal<readonly number[]>([]);
	readonly #silent = signal(false);
	readonly #notSaved = signal(false);

	/* `nextSeg` is 0 for a new recording, one above the server's for a draft that is continued. */
	constructor(env: RecordingEnv, local: LocalRec, nextSeg: number, upload: Upload, events: RecordingEvents) {
		this.#env = env;
		this.#local = local;
		this.#nextSeg = nextSeg;
		this.#upload = upload;
		this.#events = events;
		this.#baseMs = local.ms;
		this.#ms.value = local.ms;
		this.#levels.load(local.levels);
		this.#scope.add(env.clock.every(LEVEL_MS, () => this.#tick()));
	}

	get ms(): ReadonlySignal<number> {
		return this.#ms;
	}
	get level(): ReadonlySignal<number> {
		return this.#level;
	}
	get wave(): ReadonlySignal<readonly number[]> {
		return this.#wave;
	}
	get silent(): ReadonlySignal<boolean> {
		return this.#silent;
	}
	get notSaved(): ReadonlySignal<boolean> {
		return this.#notSaved;
	}
	/* Whether it is longer than that; changes once instead of with every tick. */
	nearLimit(ms: number): ReadonlySignal<boolean> {
		if (this.#near?.at !== ms) this.#near = { at: ms, signal: computed(() => this.#ms.value >= ms) };
		return this.#near.signal;
	}
	get local(): LocalRec {
		return this.#local;
	}
	get kind(): Kind {
		return this.#local.kind;
	}
	get upload(): Upload {
		return this.#upload;
	}
	get input(): Input | null {
		return this.#input;
	}
	get running(): boolean {
		return this.#sinceTs !== null;
	}

	/* Takes the input over; false when this browser cannot record it. */
	start(input: Input): boolean {
		this.#segment.end();
		this.#segment = this.#scope.child();
		this.#segOpen = false;
		const seg = this.#nextSeg;
		let live = true;
		const encoder = this.#env.devices.encode(input, {
			started: () => {
				if (live) this.#started();
			},
			/* Chunks may trail behind the end of their segment; they still belong to it. */
			chunk: bytes => this.#chunk(seg, encoder?.mime ?? "", bytes),
			failed: () => {
				if (live) this.#events.failed();
			},
		});
		if (encoder === null) return false;
		this.#nextSeg++;
		this.#encoder = encoder;
		this.#input = input;
		this.#segment.add(() => {
			live = false;
			input.close();
		});
		return true;
	}

	pause(): void {
		this.#stopClock();
		this.#encoder?.pause();
		this.#encoder?.flush();
		this.#upload.setState("paused");
	}

	/* false: the encoder has ended; a new segment is needed. */
	resume(): boolean {
		if (this.#encoder === null || this.#input === null) return false;
		this.#encoder.resume();
		this.#sinceTs ??= this.#env.clock.now();
		this.#upload.setState("recording");
		return true;
	}

	/* Ends the encoder and frees the devices; the last fragments are stored when it resolves. May be followed by start(). */
	async finishSegment(): Promise<void> {
		this.#stopClock();
		const encoder = this.#encoder;
		this.#encoder = null;
		await encoder?.stop();
		this.#segment.end();
		this.#input = null;
		this.#local = { ...this.#local, ms: this.#ms.value };
		this.#save();
		await this.#writes;
	}

	/* Send: names the note; from here on the uploader carries it through. */
	async commit(cid: number): Promise<void> {
		await this.finishSegment();
		const peaks = foldPeaks(this.#levels.values);
		this.#local = { ...this.#local, state: "commit", cid, peaks };
		this.#save();
		await this.#writes;
		this.#upload.update(this.#local);
	}

	end(): void {
		this.#stopClock();
		this.#scope.end();
	}

	/* For "Listen" and "Save file": the bytes held here, a file for each segment. */
	async files(): Promise<
		readonly { readonly mime: string; readonly bytes: readonly Uint8Array<ArrayBuffer>[] }[]
	> {
		await this.#writes;
		return filesOf(this.#local, this.#upload);
	}

	#started(): void {
		this.#sinceTs ??= this.#env.clock.now();
		this.#upload.setState("recording");
		this.#events.started();
	}

	#stopClock(): void {
		if (this.#sinceTs !== null) this.#baseMs = this.#elapsed();
		this.#sinceTs = null;
		this.#ms.value = this.#baseMs;
		this.#level.value = 0;
	}

	#elapsed(): number {
		return this.#sinceTs === null ? this.#baseMs : this.#baseMs + (this.#env.clock.now() - this.#sinceTs);
	}

	#tick(): void {
		if (this.#sinceTs === null) return;
		this.#ms.value = Math.min(this.#elapsed(), this.#env.maxMs);
		const level = this.#input?.level() ?? null;
		if (level !== null) this.#measure(level);
		if (this.#elapsed() >= this.#env.maxMs) {
			this.pause();
			this.#baseMs = this.#env.maxMs;
			this.#ms.value = this.#env.maxMs;
			this.#events.limit();
		}
	}

	#measure(level: number): void {
		this.#level.value = level;
		this.#levels.push(level);
		this.#wave.value = [...this.#wave.value.slice(1 - WAVE), level];
		this.#silentMs = level < SILENT_LEVEL ? this.#silentMs + LEVEL_MS : 0;
		this.#silent.value = this.#silentMs >= SILENT_MS;
	}

	#chunk(seg: number, mime: string, bytes: Uint8Array<ArrayBuffer>): void {
		if (!this.#segOpen && seg === this.#nextSeg - 1) {
			this.#segOpen = true;
			const segment = { seg, mime, first: this.#local.fragments };
			this.#local = { ...this.#local, segments: [...this.#local.segments, segment] };
		}
		for (let at = 0; at < bytes.length; at += this.#env.fragmentMax) {
			this.#fragment(seg, bytes.slice(at, at + this.#env.fragmentMax));
		}
		this.#save();
		this.#upload.update(this.#local);
	}

	#fragment(seg: number, bytes: Uint8Array<ArrayBuffer>): void {
		const number = this.#local.fragments;
		const fragment = { seg, atMs: Math.round(this.#elapsed()), bytes };
		this.#upload.push(number, fragment);
		this.#local = { ...this.#local, fragments: number + 1, ms: Math.min(this.#elapsed(), this.#env.maxMs) };
		const key = [this.#local.rec, number];
		this.#write(() => this.#env.storage.put("fragments", key, fragment));
	}

	#save(): void {
		this.#local = { ...this.#local, levels: this.#levels.save() };
		const local = this.#local;
		this.#write(() => this.#env.storage.put("recs", [local.rec], local));
	}

	#write(work: () => Promise<boolean>): void {
		this.#writes = this.#writes.then(async () => {
			this.#notSaved.value = !(await work());
		});
	}
}
