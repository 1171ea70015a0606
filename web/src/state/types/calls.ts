/* Calls that are going on. */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorCode, Result } from "../../wire/errors.ts";
import type { Kind, Outcome, PersonView } from "./base.ts";

export type OutgoingPhase =
	| { readonly name: "reaching" }
	| { readonly name: "ringing"; readonly devices: number }
	| {
			readonly name: "unanswered";
			readonly outcome: Exclude<Outcome, "answered">;
			/* How strongly the note is offered: main = focused and biggest; none = only Cancel. */
			readonly prompt: "main" | "offered" | "small" | "none";
			/* "Calls silenced until 08:00", when they share it. */
			readonly quietUntil: number | null;
	  }
	/* The note for this call is open in RecorderModel. */
	| { readonly name: "note" };

export interface OutgoingView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly kind: Kind;
	readonly phase: OutgoingPhase;
	readonly startedTs: number;
	/* "Leave a note now" may be shown (while reaching: from note_offer_ms on; while ringing: always). */
	readonly canLeaveNoteNow: boolean;
	/* false when call.start was refused (blocked by me, rate limited, ...): then `refused` says why. */
	readonly refused: { readonly code: ErrorCode; readonly retryMs: number | null } | null;
}

export interface IncomingView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly kind: Kind;
	readonly startedTs: number;
	/* Another call is going on: show as call waiting, small, without the ring tone. */
	readonly waiting: boolean;
	readonly answering: boolean;
}

export interface AnsweredView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly kind: Kind;
	/* By this device's clock, however wrong it is. */
	readonly answeredTs: number;
	/* It began as a voice call, and both have agreed to pictures. */
	readonly turned: boolean;
	readonly outgoing: boolean;
}

export interface CallModel {
	readonly outgoing: ReadonlySignal<OutgoingView | null>;
	readonly incoming: ReadonlySignal<readonly IncomingView[]>;
	/* The call in which this device is. */
	readonly answered: ReadonlySignal<AnsweredView | null>;
	start(conv: number, kind: Kind): Promise<Result<{ call: string }>>;
	/* While it rings: stops ringing, shows the compact prompt. Once unanswered: closes the screen. */
	cancel(): Promise<Result>;
	/* Stops ringing and records at once, or records for the unanswered call. `kind` switches voice and video. */
	leaveNote(kind?: Kind): Promise<Result>;
	/* Keeps what is recorded as a draft and calls once more. */
	callAgain(): Promise<Result>;
	answer(call: string): Promise<Result>;
	decline(call: string, text?: string): Promise<Result>;
	/* Stops the ring tone here only. */
	silence(call: string): void;
	hangUp(): Promise<Result>;
}
