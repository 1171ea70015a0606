/* What the screen of a call that I placed says. Pure. */
import type { LocalRec } from "../media/storage.ts";
import type { ErrorCode } from "../wire/errors.ts";
import type { Call } from "../wire/types.ts";
import type { Kind, Outcome } from "./types/base.ts";
import type { OutgoingPhase } from "./types/calls.ts";

export interface Placed {
	readonly id: string;
	readonly conv: number;
	readonly kind: Kind;
	readonly startedTs: number;
	/* The server may have heard of it: its note can be joined to it. */
	readonly asked: boolean;
	readonly ended: { readonly outcome: Outcome; readonly quietUntil: number | null } | null;
	/* Its note is in the recorder. */
	readonly note: boolean;
	readonly refused: { readonly code: ErrorCode; readonly retryMs: number | null } | null;
	/* What was being said to them when this call was placed. */
	readonly kept: LocalRec | null;
}

export function phaseOf(placed: Placed, call: Call | undefined): OutgoingPhase {
	if (placed.note) return { name: "note" };
	if (placed.ended !== null) {
		const { outcome, quietUntil } = placed.ended;
		if (outcome === "answered") return { name: "unanswered", outcome: "failed", prompt: "none", quietUntil };
		return { name: "unanswered", outcome, prompt: promptOf(placed, outcome), quietUntil };
	}
	if (call?.state === "ringing") return { name: "ringing", devices: Math.max(1, call.devices) };
	return { name: "reaching" };
}

function promptOf(placed: Placed, outcome: Outcome): "main" | "offered" | "small" | "none" {
	/* Refused because it may not reach them at all; too many rings still leave the note. */
	if (placed.refused !== null && placed.refused.code !== "rate_limited") return "none";
	if (outcome === "declined") return "offered";
	if (outcome === "cancelled" || outcome === "cancelled_early") return "small";
	return "main";
}

export function canLeaveNow(
	placed: Placed,
	call: Call | undefined,
	waitedMs: number,
	offerMs: number,
): boolean {
	if (placed.note || placed.ended !== null) return false;
	return call?.state === "ringing" || waitedMs >= offerMs;
}
