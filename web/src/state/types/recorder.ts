/* The recording on the screen. */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorCode, Result } from "../../wire/errors.ts";
import type { Kind } from "./base.ts";

export interface RecTarget {
	readonly conv: number;
	readonly name: string;
	/* The missed call it is for. */
	readonly call: string | null;
}

export type RecWarning = "silent" | "deviceLost" | "limitSoon" | "cameraFailed" | "notSaved" | "offline";

export type RecorderView =
	| { readonly state: "idle" }
	| { readonly state: "opening"; readonly target: RecTarget; readonly kind: Kind }
	/* Video only: 3 s, skippable. */
	| { readonly state: "countdown"; readonly target: RecTarget; readonly kind: "video" }
	| (RecOpen & { readonly state: "recording" })
	| (RecOpen & {
			readonly state: "paused";
			/* Why it paused without being asked to; null = by the person. */
			readonly why: "hidden" | "interrupted" | "deviceLost" | "limit" | null;
			readonly canResume: boolean;
	  })
	| (RecOpen & { readonly state: "sending" })
	/* Nothing is lost: Retry, Save file, or leave it as a draft. */
	| (RecOpen & {
			readonly state: "failed";
			readonly code: ErrorCode;
			readonly canRetry: boolean;
			readonly canSave: boolean;
	  })
	/* Could not be opened. `kind` says what was wanted; a video note may be tried again as voice. */
	| {
			readonly state: "blocked";
			readonly target: RecTarget;
			readonly kind: Kind;
			readonly code: "denied" | "no_device" | "in_use";
	  };

export interface RecOpen {
	readonly rec: string;
	readonly target: RecTarget;
	readonly kind: Kind;
	readonly maxMs: number;
	readonly warnings: readonly RecWarning[];
	/* "They can listen while you record". */
	readonly canBeHeard: boolean;
	/* Names of those who listen now. */
	readonly listeners: readonly string[];
	/* "Listen": plays what was recorded so far (pauses first). */
	readonly review: "off" | "playing";
	readonly canListen: boolean;
}

export interface RecorderModel {
	readonly view: ReadonlySignal<RecorderView>;
	/* Change many times a second; read them where they are drawn. */
	readonly ms: ReadonlySignal<number>;
	/* What the server has, durably. */
	readonly savedMs: ReadonlySignal<number>;
	readonly countdownMs: ReadonlySignal<number>;
	/* 0 to 1. */
	readonly level: ReadonlySignal<number>;
	/* Levels 0 to 1, one for each 50 ms, at most the last 200: the scrolling waveform. */
	readonly wave: ReadonlySignal<readonly number[]>;
	readonly reviewMs: ReadonlySignal<number>;
	/* Own picture while a video note is made. Put it into <video muted playsinline>.srcObject. */
	readonly preview: ReadonlySignal<MediaStream | null>;
	/* The picture of a video note that is listened to: put it into the place of the preview. */
	readonly reviewPicture: ReadonlySignal<HTMLVideoElement | null>;
	/* What this browser can record. */
	readonly can: { readonly voice: boolean; readonly video: boolean };

	/* From the thread, without a call. */
	start(conv: number, kind: Kind): Promise<Result>;
	skipCountdown(): void;
	pause(): void;
	resume(): Promise<Result>;
	/* Pauses, and plays what there is; again to stop. */
	listen(): void;
	/* Shorter than the minimum: nothing is sent, undo is offered. */
	send(): Promise<Result>;
	/* Paused at the limit: sends this one and begins a second. */
	sendAndGoOn(): Promise<Result>;
	/* With undo for 5 s (toast). */
	discard(): void;
	/* Leaves it as a draft. */
	keep(): void;
	/* Another microphone or camera (settings) was chosen, or the old one is lost. */
	replaceInput(): Promise<Result>;
	switchKind(kind: Kind): Promise<Result>;
	retry(): Promise<Result>;
	saveFile(): Promise<Result>;
	/* From "blocked" back to idle. */
	dismiss(): void;
}
