/* Listening: to notes, and to one that is being left. */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorCode, Result } from "../../wire/errors.ts";
import type { Kind, PersonView } from "./base.ts";
import type { NoteView } from "./thread.ts";

export type Speed = 1 | 1.25 | 1.5 | 2;

export interface PlayerModel {
	/* The one that is loaded; null = nothing. */
	readonly current: ReadonlySignal<NoteView | null>;
	readonly playing: ReadonlySignal<boolean>;
	readonly waiting: ReadonlySignal<boolean>;
	readonly positionMs: ReadonlySignal<number>;
	readonly speed: ReadonlySignal<Speed>;
	readonly failed: ReadonlySignal<ErrorCode | null>;
	/* The global <video>, while a video note is current: put it into its card (append it; it may be moved). */
	readonly picture: ReadonlySignal<HTMLVideoElement | null>;
	/* Call inside a click. Goes on where I was. */
	play(note: NoteView): void;
	toggle(note: NoteView): void;
	pause(): void;
	seek(note: NoteView, ms: number): void;
	/* 1, 1.25, 1.5, 2, 1, ... */
	nextSpeed(): void;
	/* Position of any note, playing or not. */
	positionOf(note: NoteView): number;
	stop(): void;
}

export interface LiveView {
	readonly rec: string;
	readonly conv: number;
	readonly call: string | null;
	readonly person: PersonView;
	readonly kind: Kind;
	readonly state: "recording" | "paused" | "sent" | "discarded" | "answered";
	/* How long it is by now, as last heard. */
	readonly ms: number;
	/* later: this browser can play it only when it is sent. */
	readonly listening: "off" | "connecting" | "playing" | "later";
	/* It belongs to a call that can still be picked up. */
	readonly canAnswer: boolean;
}

export interface LiveModel {
	/* Notes that are being left for me; one that ended stays some seconds if it was listened to. */
	readonly notes: ReadonlySignal<readonly LiveView[]>;
	readonly picture: ReadonlySignal<HTMLVideoElement | null>;
	/* Call inside a click. */
	listen(rec: string): Promise<Result>;
	stop(rec: string): void;
	answer(rec: string): Promise<Result>;
	dismiss(rec: string): void;
}
