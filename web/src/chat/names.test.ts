import { expect, test } from "vitest";
import { setLocale } from "../i18n/format.ts";
import type { CallEntry, NoteView } from "../state/types/thread.ts";
import { callName } from "./names.ts";

const at = new Date(2026, 10, 24, 14, 2).getTime();

const note: NoteView = {
	conv: 1,
	seq: 2,
	kind: "voice",
	mine: false,
	ts: at,
	src: "",
	mime: "audio/mp4",
	durationMs: 23_100,
	peaks: [],
	width: null,
	height: null,
	played: false,
	heard: false,
	positionMs: 0,
	call: "c",
	canDelete: false,
};

function call(over: Partial<CallEntry>): CallEntry {
	return {
		type: "call",
		key: "c",
		seq: 1,
		mine: false,
		ts: at,
		from: null,
		call: "c",
		kind: "voice",
		outcome: "no_answer",
		missed: true,
		rang: true,
		startedTs: at,
		durationMs: null,
		device: null,
		note: null,
		noteDeleted: false,
		sending: null,
		beingLeft: null,
		repeats: 0,
		...over,
	};
}

test("a call and its note have one name", () => {
	setLocale("en-GB");
	expect(callName(call({ note }))).toBe("Missed voice call, 14:02. Voice note, 0:23, not played.");
	expect(callName(call({ note: { ...note, played: true } }))).toContain("0:23, played.");
});

test("what happened comes first", () => {
	setLocale("en-GB");
	expect(callName(call({ kind: "video", outcome: "cancelled" }))).toBe("Missed video call, 14:02.");
	expect(callName(call({ outcome: "declined" }))).toBe("Declined voice call, 14:02.");
	expect(callName(call({ mine: true, missed: false, outcome: "declined" }))).toBe(
		"Voice call, 14:02, Declined.",
	);
	expect(callName(call({ outcome: "answered", missed: false, durationMs: 71_000 }))).toBe(
		"Voice call, 14:02, 1:11.",
	);
	expect(callName(call({ repeats: 9 }))).toBe("Missed voice call and 9 more, 14:02.");
	expect(callName(call({ noteDeleted: true }))).toContain("The note was deleted");
});
