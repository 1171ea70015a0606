/* The words for a call, a note and their states; what a screen reader says of an entry. */
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { Kind, Outcome } from "../state/types/base.ts";
import type { CallEntry, NoteView, SendState } from "../state/types/thread.ts";

function missedTitle(kind: Kind, outcome: Outcome): string {
	switch (outcome) {
		case "declined":
			return t(`call-declined-${kind}`);
		case "busy":
			return t(`call-missed-busy-${kind}`);
		case "silenced":
			return t(`call-silenced-${kind}`);
		case "answered":
			return t(`call-${kind}`);
		case "no_answer":
		case "unreachable":
		case "cancelled":
		case "cancelled_early":
		case "failed":
			return t(`call-missed-${kind}`);
	}
}

export function callTitle(kind: Kind, outcome: Outcome, missed: boolean): string {
	return missed ? missedTitle(kind, outcome) : t(`call-${kind}`);
}

/** What became of a call of mine, in two words; empty for an answered one. */
export function shortOutcome(outcome: Outcome): string {
	switch (outcome) {
		case "no_answer":
			return t("outcome-short-no-answer");
		case "silenced":
			return t("outcome-short-silenced");
		case "declined":
			return t("outcome-short-declined");
		case "busy":
			return t("outcome-short-busy");
		case "unreachable":
			return t("outcome-short-unreachable");
		case "cancelled":
		case "cancelled_early":
			return t("outcome-short-cancelled");
		case "failed":
			return t("outcome-short-failed");
		case "answered":
			return "";
	}
}

/** What stands on the card; a storm of calls is one line. */
export function cardTitle(entry: CallEntry): string {
	if (!entry.missed || entry.repeats === 0) return entryTitle(entry);
	return t(`call-missed-many-${entry.kind}`, { count: entry.repeats + 1 });
}

export function entryTitle(entry: CallEntry): string {
	const theirs = !entry.mine && entry.outcome !== "answered";
	const title = callTitle(entry.kind, entry.outcome, theirs);
	return entry.repeats > 0 ? t("call-repeats", { title, count: entry.repeats }) : title;
}

/** The line under the title: when, and what became of it. */
export function callDetail(entry: CallEntry): string {
	const parts = [format.time(entry.startedTs)];
	if (entry.outcome === "answered" && entry.durationMs !== null) parts.push(format.length(entry.durationMs));
	if (entry.mine && entry.outcome !== "answered") parts.push(shortOutcome(entry.outcome));
	if (entry.device !== null && !entry.mine) parts.push(t("answered-on", { device: entry.device }));
	return parts.join(" · ");
}

export function kindName(kind: Kind): string {
	return kind === "voice" ? t("voice-note") : t("video-note");
}

export function noteSummary(note: NoteView): string {
	const mineState = note.heard ? t("note-listened") : t("note-sent");
	const state = note.mine ? mineState : note.played ? t("note-played") : t("note-not-played");
	return t("note-summary", { kind: kindName(note.kind), length: format.noteLength(note.durationMs), state });
}

/** "Missed voice call, 14:02. Voice note, 0:23, not played." */
export function callName(entry: CallEntry): string {
	const sentence = `${entryTitle(entry)}, ${callDetail(entry).replaceAll(" · ", ", ")}.`;
	if (entry.note) return `${sentence} ${noteSummary(entry.note)}`;
	if (entry.sending) {
		const length = format.noteLength(entry.sending.durationMs);
		return `${sentence} ${t("note-summary", { kind: kindName(entry.sending.kind), length, state: t("note-being-sent") })}`;
	}
	return entry.noteDeleted ? `${sentence} ${t("note-removed")}.` : sentence;
}

export function sendStateName(state: SendState): string {
	return t(`state-${state}`);
}
