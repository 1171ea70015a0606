/* From the log to what is shown: a note joins its call, deletions and amendments are applied, storms of calls become one line. Pure. */

import type { Entry, NoteBody, NoteState } from "../wire/types.ts";
import { changeOf, type PersonOf } from "./group.ts";
import { isMissed, isMissedRoom } from "./logs.ts";
import { chooseSendState } from "./sendState.ts";
import type { LiveView } from "./types/playing.ts";
import type { CallEntry, DisplayEntry, NoteView, RoomEntry, SendingNote, TextEntry } from "./types/thread.ts";

export interface SendingOf {
	readonly note: SendingNote;
	readonly call: string | null;
	readonly ts: number;
}

export interface DisplayInput {
	readonly conv: number;
	readonly me: number;
	readonly device: number;
	readonly entries: readonly Entry[];
	readonly theirRead: number;
	readonly theirDelivered: number;
	/* Whom an entry is from is worth a word only in a group. */
	readonly isGroup: boolean;
	readonly person: PersonOf;
	readonly noteState: (seq: number) => NoteState | undefined;
	readonly pending: readonly TextEntry[];
	readonly sending: readonly SendingOf[];
	readonly live: readonly LiveView[];
}

const STORM = 3;

export function display(input: DisplayInput): readonly DisplayEntry[] {
	const facts = collect(input);
	const shown: DisplayEntry[] = [];
	for (const entry of input.entries) {
		const one = showEntry(input, facts, entry);
		if (one !== null) shown.push(one);
	}
	const tail: DisplayEntry[] = [...input.pending];
	for (const sending of input.sending) {
		if (sending.call !== null && facts.calls.has(sending.call)) continue;
		const { rec } = sending.note;
		tail.push({
			type: "sending",
			key: `r${rec}`,
			seq: null,
			mine: true,
			from: null,
			ts: sending.ts,
			sending: sending.note,
		});
	}
	return [...foldStorms(shown), ...tail.sort((a, b) => a.ts - b.ts)];
}

type CallLike = Extract<Entry, { kind: "call" | "amend" }>;
type RoomLike = Extract<Entry, { kind: "room" | "roomAmend" }>;

interface Facts {
	readonly deleted: ReadonlySet<number>;
	readonly amends: ReadonlyMap<number, CallLike>;
	readonly roomAmends: ReadonlyMap<number, RoomLike>;
	/* Calls and rooms: their notes stand with them. */
	readonly calls: ReadonlySet<string>;
	/* The note of a call, and whether one was there and is deleted. */
	readonly noteOf: ReadonlyMap<string, Entry>;
}

function collect(input: DisplayInput): Facts {
	const deleted = new Set<number>();
	const amends = new Map<number, CallLike>();
	const roomAmends = new Map<number, RoomLike>();
	const calls = new Set<string>();
	const noteOf = new Map<string, Entry>();
	for (const entry of input.entries) {
		if (entry.kind === "delete" && entry.re !== null) deleted.add(entry.re);
		else if (entry.kind === "erased") deleted.add(entry.seq);
		else if (entry.kind === "amend" && entry.re !== null) amends.set(entry.re, entry);
		else if (entry.kind === "roomAmend" && entry.re !== null) roomAmends.set(entry.re, entry);
		else if (isCall(entry) && entry.call !== null) calls.add(entry.call);
		const note = entry.kind === "note" || (entry.kind === "erased" && entry.was === "note");
		if (note && entry.call !== null) noteOf.set(entry.call, entry);
	}
	return { deleted, amends, roomAmends, calls, noteOf };
}

function isCall(entry: Entry): boolean {
	return entry.kind === "call" || entry.kind === "room";
}

function showEntry(input: DisplayInput, facts: Facts, entry: Entry): DisplayEntry | null {
	const mine = entry.from === input.me;
	const from = input.isGroup && !mine ? input.person(entry.from) : null;
	const base = { key: keyOf(entry, mine), seq: entry.seq, mine, from, ts: entry.ts };
	switch (entry.kind) {
		case "text":
			if (facts.deleted.has(entry.seq)) return { ...base, type: "deleted", what: "text" };
			return {
				...base,
				type: "text",
				text: entry.body.text,
				send: mine ? chooseSendState(entry.seq, input.theirRead, input.theirDelivered) : "sent",
				failed: null,
				answers: answered(input, entry.re),
				canDelete: mine,
			};
		case "call":
			return showCall(input, facts, entry, base);
		case "room":
			return showRoom(input, facts, entry, base);
		case "note":
			if (entry.call !== null && facts.calls.has(entry.call)) return null;
			if (facts.deleted.has(entry.seq)) return { ...base, type: "deleted", what: "note" };
			return { ...base, type: "note", note: noteView(input, entry, entry.body) };
		case "erased":
			if (entry.was === "note" && entry.call !== null && facts.calls.has(entry.call)) return null;
			return { ...base, type: "deleted", what: entry.was };
		case "group":
			return { ...base, type: "group", change: changeOf(entry.from, entry.body, input.me, input.person) };
		case "amend":
		case "roomAmend":
		case "delete":
		case "void":
			return null;
	}
}

/* A text keeps the key that it had while it was pending. */
function keyOf(entry: Entry, mine: boolean): string {
	return mine && entry.kind === "text" && entry.cid !== null
		? textKey(entry.device, entry.cid)
		: `s${entry.seq}`;
}

export function textKey(device: number, cid: number): string {
	return `t${device}.${cid}`;
}

function answered(input: DisplayInput, re: number | null): TextEntry["answers"] {
	if (re === null) return null;
	const entry = input.entries.find(other => other.seq === re);
	if (entry === undefined || entry.kind !== "text") return { seq: re, text: "", mine: false, from: null };
	const mine = entry.from === input.me;
	const from = input.isGroup && !mine ? input.person(entry.from) : null;
	return { seq: re, text: entry.body.text, mine, from };
}

function showCall(
	input: DisplayInput,
	facts: Facts,
	entry: CallLike,
	base: Pick<CallEntry, "key" | "ts" | "from"> & { seq: number },
): CallEntry {
	const body = facts.amends.get(entry.seq)?.body ?? entry.body;
	const call = entry.call ?? "";
	const mine = (body.by === 0 ? entry.from : body.by) === input.me;
	return {
		...base,
		...noteOfCall(input, facts, call),
		mine,
		type: "call",
		call,
		kind: body.kind,
		outcome: body.outcome,
		missed: !mine && isMissed(body.outcome),
		rang: body.rang,
		startedTs: body.started === 0 ? entry.ts : body.started,
		durationMs: body.duration_ms,
		/* "Answered on laptop" is news only on the other devices. */
		device: body.device_id === input.device ? null : body.device,
		beingLeft: input.live.find(live => live.call === call) ?? null,
		repeats: 0,
	};
}

function showRoom(
	input: DisplayInput,
	facts: Facts,
	entry: RoomLike,
	base: { key: string; seq: number; ts: number },
): RoomEntry {
	const body = facts.roomAmends.get(entry.seq)?.body ?? entry.body;
	const room = entry.call ?? "";
	const longest = [...body.people].sort((a, b) => b.ms - a.ms).map(one => one.user);
	return {
		...base,
		...noteOfCall(input, facts, room),
		/* It is the group's own, whoever began it. */
		from: null,
		mine: (body.by === 0 ? entry.from : body.by) === input.me,
		type: "room",
		room,
		kind: body.kind,
		outcome: body.outcome,
		missed: isMissedRoom(body, input.me),
		startedTs: body.started === 0 ? entry.ts : body.started,
		durationMs: body.duration_ms,
		people: longest.filter(user => user !== input.me).map(user => input.person(user).name),
		meThere: longest.includes(input.me),
	};
}

function noteOfCall(
	input: DisplayInput,
	facts: Facts,
	call: string,
): Pick<CallEntry, "note" | "noteDeleted" | "sending"> {
	const entry = facts.noteOf.get(call);
	const gone = entry !== undefined && facts.deleted.has(entry.seq);
	return {
		note: entry?.kind === "note" && !gone ? noteView(input, entry, entry.body) : null,
		noteDeleted: gone,
		sending: input.sending.find(sending => sending.call === call)?.note ?? null,
	};
}

function noteView(input: DisplayInput, entry: Entry, body: NoteBody): NoteView {
	const mine = entry.from === input.me;
	const state = input.noteState(entry.seq);
	return {
		conv: entry.conv,
		seq: entry.seq,
		kind: body.kind,
		mine,
		ts: entry.ts,
		src: `/media/${body.blob}`,
		mime: body.mime,
		durationMs: body.duration_ms,
		peaks: body.peaks,
		width: body.width,
		height: body.height,
		played: mine || (state?.played ?? false),
		heard: mine && (state?.heard ?? false),
		positionMs: state?.position_ms ?? 0,
		call: entry.call,
		canDelete: mine,
	};
}

/* "10 missed calls": from three alike in a row, the last one stands for all. */
function foldStorms(entries: readonly DisplayEntry[]): readonly DisplayEntry[] {
	const out: DisplayEntry[] = [];
	for (let i = 0; i < entries.length; ) {
		let end = i + 1;
		while (end < entries.length && alike(entries[end - 1], entries[end])) end++;
		const run = entries.slice(i, end);
		const last = run.at(-1);
		if (run.length >= STORM && last?.type === "call") out.push({ ...last, repeats: run.length - 1 });
		else out.push(...run);
		i = end;
	}
	return out;
}

/* The last of a run may have a note; those before it must not. */
function alike(a: DisplayEntry | undefined, b: DisplayEntry | undefined): boolean {
	if (a?.type !== "call" || b?.type !== "call") return false;
	const bare = a.note === null && a.sending === null && a.beingLeft === null && !a.noteDeleted;
	if (!bare || a.mine !== b.mine || a.kind !== b.kind || a.outcome === "answered") return false;
	/* How each came to be missed does not matter to who missed them. */
	return a.outcome === b.outcome || (a.missed && b.missed);
}
