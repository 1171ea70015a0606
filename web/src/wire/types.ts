/* What the server says, as docs/protocol.md states it. Types follow from the decoders, so they cannot disagree. */
import {
	array,
	BAD,
	bool,
	type Decode,
	type Decoded,
	hexId,
	int,
	isRecord,
	object,
	oneOf,
	orElse,
	orNull,
	positive,
	text,
} from "./decode.ts";
import { mediaEvents } from "./media.ts";
import { type RoomBody, room, roomBody, roomEvents } from "./rooms.ts";

export const kind = oneOf("voice", "video");
export type Kind = Decoded<typeof kind>;

export const outcome = oneOf(
	"no_answer",
	"declined",
	"busy",
	"silenced",
	"unreachable",
	"cancelled",
	"cancelled_early",
	"answered",
	"failed",
);
export type Outcome = Decoded<typeof outcome>;

const name = text(1024);
const mime = text(128);

export const user = object({
	id: positive,
	username: name,
	name,
	blocked: orElse(bool, false),
	online: orElse(int, 0),
});
export type User = Decoded<typeof user>;

export const me = object({
	id: positive,
	username: name,
	name,
	admin: orElse(bool, false),
	receipts: orElse(bool, true),
	hide_decline: orElse(bool, false),
	quiet_until: orElse(int, 0),
	quiet_share: orElse(bool, false),
});
export type Me = Decoded<typeof me>;

/* The envelope is checked strictly; a body that this client does not understand makes the entry one that shows nothing. */
const envelope = object({
	conv: positive,
	seq: positive,
	from: orElse(int, 0),
	device: orElse(int, 0),
	cid: orNull(int),
	ts: orElse(int, 0),
	re: orNull(positive),
	call: orNull(hexId),
});
type Envelope = Decoded<typeof envelope>;

const callBody = object({
	kind,
	outcome,
	by: orElse(int, 0),
	rang: orElse(bool, false),
	started: orElse(int, 0),
	duration_ms: orNull(int),
	device: orNull(name),
	device_id: orElse(int, 0),
});
export type CallBody = Decoded<typeof callBody>;

const peak: Decode<number> = x => {
	const n = int(x);
	return n === BAD ? BAD : Math.min(n, 255);
};

const noteBody = object({
	kind,
	blob: hexId,
	mime,
	bytes: orElse(int, 0),
	duration_ms: int,
	peaks: orElse(array(peak, 64), []),
	width: orNull(int),
	height: orNull(int),
});
export type NoteBody = Decoded<typeof noteBody>;

const textBody = object({ text: text(65536) });

const MEMBERS = 1024;

const groupBody = object({
	did: oneOf("created", "named", "pictured", "added", "removed", "left", "admin", "unadmin"),
	users: orElse(array(positive, MEMBERS), []),
	name: orNull(name),
});
export type GroupBody = Decoded<typeof groupBody>;

export type Entry = Envelope &
	(
		| { readonly kind: "text"; readonly body: { readonly text: string } }
		| { readonly kind: "call" | "amend"; readonly body: CallBody }
		| { readonly kind: "note"; readonly body: NoteBody }
		| { readonly kind: "group"; readonly body: GroupBody }
		/* A group call or voice chat; later ones with re amend it. */
		| { readonly kind: "room" | "roomAmend"; readonly body: RoomBody }
		| { readonly kind: "delete" }
		/* Its body is gone: it was deleted. */
		| { readonly kind: "erased"; readonly was: "text" | "note" }
		| { readonly kind: "void" }
	);

export const entry: Decode<Entry> = x => {
	const head = envelope(x);
	if (head === BAD || !isRecord(x)) return BAD;
	const empty = !isRecord(x.body) || Object.keys(x.body).length === 0;
	switch (x.kind) {
		case "text": {
			if (empty) return { ...head, kind: "erased", was: "text" };
			const body = textBody(x.body);
			return body === BAD ? { ...head, kind: "void" } : { ...head, kind: "text", body };
		}
		case "note": {
			if (empty) return { ...head, kind: "erased", was: "note" };
			const body = noteBody(x.body);
			return body === BAD ? { ...head, kind: "void" } : { ...head, kind: "note", body };
		}
		case "room":
			return roomEntry(head, "room", x.body);
		case "call":
		case "amend": {
			const body = callBody(x.body);
			if (body !== BAD) return { ...head, kind: x.kind, body };
			return x.kind === "amend" ? roomEntry(head, "roomAmend", x.body) : { ...head, kind: "void" };
		}
		case "group": {
			const body = groupBody(x.body);
			return body === BAD ? { ...head, kind: "void" } : { ...head, kind: "group", body };
		}
		case "delete":
			return { ...head, kind: "delete" };
		default:
			return { ...head, kind: "void" };
	}
};

function roomEntry(head: Envelope, kind: "room" | "roomAmend", x: unknown): Entry {
	const body = roomBody(x);
	return body === BAD ? { ...head, kind: "void" } : { ...head, kind, body };
}

const marks = {
	conv: positive,
	last_seq: orElse(int, 0),
	read: orElse(int, 0),
	delivered: orElse(int, 0),
	their_read: orElse(int, 0),
	their_delivered: orElse(int, 0),
	unread: orElse(int, 0),
	last: orNull(entry),
};

const directConv = object({ ...marks, kind: orElse(oneOf("direct"), "direct"), with: positive });

export const group = object({
	name,
	picture: orNull(hexId),
	members: array(object({ user: positive, admin: orElse(bool, false) }), MEMBERS),
});
export type Group = Decoded<typeof group>;

const groupConv = object({
	...marks,
	kind: oneOf("group"),
	group,
	left: orElse(bool, false),
	first_seq: orElse(positive, 1),
});

export type DirectConv = Decoded<typeof directConv>;
export type GroupConv = Decoded<typeof groupConv>;
export type Conv = DirectConv | GroupConv;

export const conv: Decode<Conv> = x => (isRecord(x) && x.kind === "group" ? groupConv(x) : directConv(x));

export const noteState = object({
	conv: positive,
	seq: positive,
	played: orElse(bool, false),
	position_ms: orElse(int, 0),
	heard: orElse(bool, false),
});
export type NoteState = Decoded<typeof noteState>;

export const call = object({
	call: hexId,
	conv: positive,
	kind,
	from: positive,
	to: positive,
	state: oneOf("reaching", "ringing", "answered", "ended"),
	devices: orElse(int, 0),
	started: orElse(int, 0),
	rang: orElse<boolean | number>(x => (typeof x === "boolean" ? x : int(x)), false),
	answered: orNull(int),
	ended: orNull(int),
	outcome: orNull(outcome),
	answered_by: orNull(int),
	answered_device: orNull(name),
	until: orNull(int),
	quiet_until: orNull(int),
	mine: orElse(bool, false),
	turned: orElse(bool, false),
	rev: orElse(int, 0),
});
export type Call = Decoded<typeof call>;

export const rec = object({
	rec: hexId,
	conv: positive,
	call: orNull(hexId),
	kind,
	mime,
	state: oneOf("recording", "paused", "draft", "sending", "sent", "discarded", "unreadable"),
	seg: orElse(int, 0),
	next: orElse(int, 0),
	bytes: orElse(int, 0),
	ms: orElse(int, 0),
	created: orElse(int, 0),
	device: orElse(int, 0),
	live: orElse(bool, false),
});
export type Rec = Decoded<typeof rec>;

export const live = object({
	rec: hexId,
	conv: positive,
	call: orNull(hexId),
	kind,
	mime,
	from: positive,
	state: oneOf("recording", "paused", "sent", "discarded", "answered"),
	ms: orElse(int, 0),
});
export type Live = Decoded<typeof live>;

export const limits = object({
	ring_ms: orElse(positive, 45_000),
	ring_stop_ms: orElse(positive, 60_000),
	unreachable_ms: orElse(positive, 15_000),
	note_offer_ms: orElse(int, 5_000),
	voice_max_ms: orElse(positive, 180_000),
	video_max_ms: orElse(positive, 60_000),
	note_min_ms: orElse(int, 1_000),
	warn_ms: orElse(int, 15_000),
	fragment_max: orElse(positive, 262_144),
	text_max: orElse(positive, 16_384),
});
export type WireLimits = Decoded<typeof limits>;

const MANY = 100_000;

export const hello = object({
	now: int,
	me,
	device: positive,
	limits,
	users: array(user, MANY),
	convs: array(conv, MANY),
	calls: orElse(array(call, MANY), []),
	rooms: orElse(array(room, MANY), []),
	recs: orElse(array(rec, MANY), []),
	live: orElse(array(live, MANY), []),
	notes: orElse(array(noteState, MANY), []),
});
export type Hello = Decoded<typeof hello>;

const ack = object({ rec: hexId, next: int, bytes: orElse(int, 0), ms: orElse(int, 0) });
export type RecAck = Decoded<typeof ack>;

const events = {
	user: object({ user }),
	me: object({ me }),
	conv: object({ conv }),
	entry: object({ entry }),
	receipt: object({
		conv: positive,
		user: orNull(positive),
		read: orElse(int, 0),
		delivered: orElse(int, 0),
	}),
	typing: object({ conv: positive, user: positive }),
	note: noteState,
	call: object({ call }),
	rec: object({ rec }),
	"rec.ack": ack,
	"rec.listeners": object({ rec: hexId, users: array(positive, 256) }),
	live: object({ live }),
	...mediaEvents,
	...roomEvents,
};
type Events = typeof events;
export type EventName = keyof Events;
export type WireEvent = { [K in EventName]: { readonly ev: K } & Decoded<Events[K]> }[EventName];

/* null: an event that this client does not know, or that is malformed. Either is ignored. */
export function decodeEvent(x: Record<string, unknown>): WireEvent | null {
	const ev = x.ev;
	if (typeof ev !== "string" || !Object.hasOwn(events, ev)) return null;
	const decode: Decode<object> = events[ev as EventName];
	const body = decode(x);
	return body === BAD ? null : ({ ev, ...body } as WireEvent);
}
