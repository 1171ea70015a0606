/* A recording on the screen: pausing, going on, listening to it, and what happens when the microphone goes away. */
import { type Signal, signal } from "@preact/signals";
import { unreachable } from "../lib/unreachable.ts";
import type { Input } from "../media/ports.ts";
import type { Recording } from "../media/recording.ts";
import type { LocalRec } from "../media/storage.ts";
import type { Upload } from "../media/upload.ts";
import { type ErrorCode, failure, type Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { RecordingKit } from "./env.ts";
import type { Review } from "./review.ts";
import type { Kind } from "./types/base.ts";
import type { RecTarget } from "./types/recorder.ts";
import type { Warm } from "./warm.ts";

/* After a pause the encoder hands over what it holds back, a moment later. */
const FLUSH_MS = 120;

export type PauseWhy = "hidden" | "interrupted" | "deviceLost" | "limit" | null;

export type Mode =
	| { readonly name: "recording" | "sending" }
	| { readonly name: "paused"; readonly why: PauseWhy }
	| { readonly name: "failed"; readonly code: ErrorCode; readonly canRetry: boolean };

export interface OpenParts {
	readonly core: Core;
	readonly kit: RecordingKit;
	readonly warm: Warm;
	readonly review: Review;
	readonly preview: Signal<MediaStream | null>;
}

export interface OpenWhat {
	readonly target: RecTarget;
	readonly local: LocalRec;
	readonly nextSeg: number;
	readonly upload: Upload;
	readonly cameraFailed: boolean;
}

export class OpenRecording {
	readonly target: RecTarget;
	readonly recording: Recording;
	readonly cameraFailed: boolean;
	readonly mode = signal<Mode>({ name: "paused", why: null });
	/* The input is gone; going on takes another. */
	readonly lost = signal(false);
	readonly #parts: OpenParts;
	#ended = false;

	constructor(parts: OpenParts, what: OpenWhat) {
		this.#parts = parts;
		this.target = what.target;
		this.cameraFailed = what.cameraFailed;
		const { core, kit } = parts;
		const env = {
			clock: core.env.clock,
			devices: kit.devices,
			storage: core.env.storage,
			fragmentMax: Math.max(1024, core.limits.value.fragmentMax),
			maxMs: maxMsOf(core, what.local.kind),
		};
		this.recording = new kit.Recording(env, what.local, what.nextSeg, what.upload, {
			started: () => {},
			limit: () => this.interrupt("limit"),
			failed: () => void this.lose("microphone"),
		});
	}

	get maxMs(): number {
		return maxMsOf(this.#parts.core, this.recording.kind);
	}

	/* Takes the input over; false when this browser cannot record it. */
	run(input: Input): boolean {
		input.onLost = what => void this.lose(what);
		if (!this.recording.start(input)) {
			input.close();
			return false;
		}
		this.lost.value = false;
		this.mode.value = { name: "recording" };
		this.#parts.preview.value = input.kind === "video" ? input.stream : null;
		return true;
	}

	pause(): void {
		this.#pause(null);
	}

	interrupt(why: "hidden" | "interrupted" | "limit"): void {
		this.#pause(why);
	}

	async resume(): Promise<Result> {
		if (this.mode.value.name !== "paused") return failure("gone");
		if (this.recording.ms.value >= this.maxMs) return failure("too_large");
		this.#parts.review.stop();
		if (this.lost.value || !this.recording.resume()) return this.replaceInput();
		this.mode.value = { name: "recording" };
		return { ok: true };
	}

	async replaceInput(): Promise<Result> {
		const input = this.recording.input;
		if (input !== null && input.kind === "voice") {
			const replaced = await input.replaceMicrophone(this.#parts.core.prefs.value.microphone);
			if (this.#ended) return failure("gone");
			if (!replaced.ok) return replaced;
			if (replaced.sameRecording) {
				this.recording.resume();
				this.lost.value = false;
				this.mode.value = { name: "recording" };
				return { ok: true };
			}
		}
		return this.#newSegment();
	}

	/* An unplugged microphone: what was said is safe; the next one takes over in the same note. */
	async lose(what: "microphone" | "camera" | "interrupted"): Promise<void> {
		if (what === "interrupted") {
			this.interrupt("interrupted");
			return;
		}
		const was = this.mode.value.name;
		if (was !== "recording" && was !== "paused") return;
		this.recording.pause();
		this.lost.value = true;
		this.mode.value = { name: "paused", why: "deviceLost" };
		if (was === "recording") await this.replaceInput();
	}

	listen(): void {
		const { review, core } = this.#parts;
		if (review.playing.value) {
			review.stop();
			return;
		}
		this.pause();
		if (this.mode.value.name !== "paused") return;
		core.env.clock.after(FLUSH_MS, () => {
			void this.recording.files().then(files => {
				if (!this.#ended) review.play(this.recording.kind, files);
			});
		});
	}

	/* It left the screen. */
	leave(): void {
		this.#ended = true;
	}

	#pause(why: PauseWhy): void {
		if (this.mode.value.name !== "recording") return;
		this.recording.pause();
		this.mode.value = { name: "paused", why };
		this.#parts.core.announce(this.#parts.core.env.words.recordingPaused());
	}

	async #newSegment(): Promise<Result> {
		await this.recording.finishSegment();
		const opened = await this.#parts.warm.take(this.#parts.kit, this.recording.kind);
		if (!opened.ok) return opened;
		if (this.#ended) {
			opened.input.close();
			return failure("gone");
		}
		return this.run(opened.input) ? { ok: true } : failure("unsupported");
	}
}

export function maxMsOf(core: Core, kind: Kind): number {
	const { voiceMaxMs, videoMaxMs } = core.limits.value;
	switch (kind) {
		case "voice":
			return voiceMaxMs;
		case "video":
			return videoMaxMs;
		default:
			return unreachable(kind);
	}
}
