/* People, chats and entries to look at. */
import type { GroupView, PersonView } from "../src/state/types/base.ts";
import type { ChatView, LastView } from "../src/state/types/chats.ts";
import type {
	CallEntry,
	DisplayEntry,
	NoteView,
	RoomEntry,
	SendingNote,
	TextEntry,
} from "../src/state/types/thread.ts";

export const NOW = new Date();
const today = new Date(NOW).setHours(14, 2, 0, 0);
export const MINUTE = 60_000;

export function person(id: number, name: string, online = 1, blocked = false): PersonView {
	const username = name.toLowerCase().replaceAll(/[^a-z]+/g, ".");
	return { id, username, name, blocked, online };
}

export const ben = person(2, "Ben Okafor");
export const people = [
	ben,
	person(3, "Marta Lindqvist", 0),
	person(4, "Yusuf Demir", 2),
	person(5, "Grandma"),
	person(6, "ליאור כהן", 0),
	person(7, "Priya Raghunathan-Whittaker", 1),
	person(8, "Ana"),
];

export function peaks(seed: number): number[] {
	let x = seed * 7919 + 13;
	return Array.from({ length: 64 }, (_, i) => {
		x = (x * 1103515245 + 12345) % 2147483648;
		const words = Math.abs(Math.sin(i * 0.31 + seed)) * Math.abs(Math.sin(i * 0.093 + seed * 2));
		return Math.round(Math.min(255, 10 + words * 190 + (x / 2147483648) * 46 * words));
	});
}

export function note(seq: number, mine: boolean, over: Partial<NoteView> = {}): NoteView {
	return {
		conv: 1,
		seq,
		kind: "voice",
		mine,
		ts: today,
		src: "",
		mime: "audio/mp4",
		durationMs: 23_000,
		peaks: peaks(seq),
		width: null,
		height: null,
		played: mine,
		heard: false,
		positionMs: 0,
		call: null,
		canDelete: mine,
		...over,
	};
}

export function text(
	seq: number,
	mine: boolean,
	words: string,
	at: number,
	over: Partial<TextEntry> = {},
): TextEntry {
	return {
		type: "text",
		key: `t${seq}`,
		seq,
		mine,
		ts: at,
		from: null,
		text: words,
		send: "read",
		failed: null,
		answers: null,
		canDelete: mine,
		...over,
	};
}

export function call(seq: number, mine: boolean, at: number, over: Partial<CallEntry> = {}): CallEntry {
	return {
		type: "call",
		key: `c${seq}`,
		seq,
		mine,
		ts: at,
		from: null,
		call: `c${seq}`,
		kind: "voice",
		outcome: "no_answer",
		missed: !mine,
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

export function sending(over: Partial<SendingNote> = {}): SendingNote {
	return {
		rec: "r",
		kind: "voice",
		durationMs: 12_000,
		peaks: peaks(9),
		state: "sending",
		failed: null,
		canRetry: false,
		canSave: false,
		...over,
	};
}

const yesterday = today - 24 * 60 * MINUTE;

export const conversation: DisplayEntry[] = [
	text(1, false, "Are you still coming on Thursday?", yesterday),
	text(2, true, "Yes. I’ll bring the big pot, and the projector if it fits in the bag.", yesterday + MINUTE),
	text(3, true, "Should I call first?", yesterday + 2 * MINUTE),
	call(4, true, yesterday + 40 * MINUTE, { outcome: "answered", missed: false, durationMs: 314_000 }),
	text(5, false, "That sorted it, thank you.", today - 90 * MINUTE),
	text(
		6,
		false,
		"The address is 14 Quay Street, https://example.org/map. The bell is broken, so knock loudly.",
		today - 89 * MINUTE,
	),
	call(7, false, today, { note: note(7, false) }),
	call(8, true, today + 6 * MINUTE, { note: note(8, true, { heard: true, durationMs: 41_000 }) }),
	text(9, true, "Left you a note back.", today + 7 * MINUTE),
];

export const cards: DisplayEntry[] = [
	call(1, false, today),
	call(2, false, today + MINUTE, { outcome: "declined", missed: true }),
	call(3, false, today + 2 * MINUTE, { repeats: 9, note: note(3, false, { durationMs: 61_000 }) }),
	call(4, false, today + 3 * MINUTE, { note: note(4, false, { played: true, positionMs: 9000 }) }),
	call(5, false, today + 3 * MINUTE, {
		kind: "video",
		note: note(5, false, { kind: "video", durationMs: 18_000, width: 480, height: 480 }),
	}),
	call(6, true, today + 4 * MINUTE, { sending: sending() }),
	call(7, true, today + 5 * MINUTE, {
		sending: sending({ state: "failed", failed: "unreadable", canSave: true }),
	}),
	call(8, false, today + 6 * MINUTE, { noteDeleted: true }),
	{
		type: "note",
		key: "n9",
		seq: 9,
		mine: false,
		ts: today + 7 * MINUTE,
		from: null,
		note: note(9, false, { durationMs: 8000 }),
	},
	{
		type: "sending",
		key: "s1",
		seq: null,
		mine: true,
		ts: today + 8 * MINUTE,
		from: null,
		sending: sending({ state: "waiting" }),
	},
	text(10, false, "مرحبا، هل يمكنك الاتصال بي لاحقا؟", today + 8 * MINUTE),
	{ type: "deleted", key: "d1", seq: 11, mine: true, ts: today + 8 * MINUTE, from: null, what: "text" },
	text(12, true, "This one did not go through.", today + 9 * MINUTE, {
		send: "failed",
		failed: "rate_limited",
		seq: null,
	}),
	text(13, true, "On its way", today + 9 * MINUTE, {
		send: "sending",
		seq: null,
		answers: { seq: 10, text: "مرحبا، هل يمكنك", mine: false, from: null },
	}),
];

function last(glyph: LastView["glyph"], over: Partial<LastView> = {}): LastView {
	return {
		glyph,
		ts: today,
		mine: false,
		text: "",
		durationMs: null,
		kind: "voice",
		outcome: null,
		from: null,
		change: null,
		...over,
	};
}

function chat(conv: number, who: PersonView, view: LastView | null, over: Partial<ChatView> = {}): ChatView {
	return {
		conv,
		person: who,
		group: null,
		last: view,
		activityTs: view?.ts ?? 0,
		unread: 0,
		unheard: false,
		missed: false,
		typing: [],
		missedNew: false,
		leavingNote: null,
		draftText: "",
		...over,
	};
}

const [b, marta, yusuf, grandma, lior, priya] = people as [
	PersonView,
	PersonView,
	PersonView,
	PersonView,
	PersonView,
	PersonView,
];

export const garden: GroupView = {
	conv: 7,
	name: "Garden",
	picture: null,
	members: [
		{ person: b, me: false, admin: false },
		{ person: marta, me: false, admin: true },
		{ person: priya, me: false, admin: false },
		{ person: person(8, "Ana Ferreira"), me: true, admin: true },
	],
	admin: true,
	left: false,
};

export const gardenTalk: DisplayEntry[] = [
	{
		type: "group",
		key: "g1",
		seq: 1,
		mine: true,
		ts: yesterday,
		from: null,
		change: { did: "created", by: null, users: [b, marta], withMe: false, name: "Garden" },
	},
	text(2, false, "The beans are up.", yesterday + MINUTE, { from: b }),
	text(3, false, "All of them!", yesterday + 2 * MINUTE, { from: b }),
	text(4, false, "I have a net for the birds, if somebody has the poles.", today, { from: marta }),
	text(5, true, "Poles are in the shed.", today + MINUTE, {
		answers: { seq: 4, text: "I have a net", mine: false, from: marta },
	}),
	{
		type: "group",
		key: "g6",
		seq: 6,
		mine: false,
		ts: today + 2 * MINUTE,
		from: marta,
		change: { did: "added", by: marta, users: [priya], withMe: false, name: "" },
	},
	{
		type: "note",
		key: "n7",
		seq: 7,
		mine: false,
		ts: today + 3 * MINUTE,
		from: priya,
		note: note(7, false, { durationMs: 8000 }),
	},
];

export const chats: ChatView[] = [
	chat(1, b, last("voiceNote", { durationMs: 23_000 }), { unread: 1, unheard: true, missed: true }),
	chat(2, marta, last("missedCall", { outcome: "no_answer", ts: today - 30 * MINUTE }), {
		unread: 2,
		missed: true,
	}),
	chat(3, yusuf, last("text", { text: "See you at the pool then", ts: today - 60 * MINUTE }), {
		typing: [yusuf],
	}),
	chat(
		4,
		grandma,
		last("videoNote", { durationMs: 52_000, kind: "video", ts: today - 200 * MINUTE, mine: true }),
	),
	chat(5, lior, last("text", { text: "אני אתקשר מחר בבוקר", ts: yesterday })),
	chat(
		6,
		priya,
		last("call", { outcome: "answered", durationMs: 71_000, ts: yesterday - 3 * 24 * 60 * MINUTE }),
	),
	chat(7, person(7, "Garden"), last("text", { text: "All of them!", from: b, ts: yesterday - 9e7 }), {
		group: garden,
	}),
];

export const calls: { chat: ChatView; call: CallEntry }[] = [
	{ chat: chats[0] as ChatView, call: call(7, false, today, { note: note(7, false) }) },
	{ chat: chats[1] as ChatView, call: call(2, false, today - 30 * MINUTE, { repeats: 2 }) },
	{ chat: chats[3] as ChatView, call: call(3, true, yesterday, { kind: "video", outcome: "declined" }) },
	{
		chat: chats[5] as ChatView,
		call: call(9, true, yesterday, { outcome: "answered", missed: false, durationMs: 71_000 }),
	},
];

function room(seq: number, over: Partial<RoomEntry>): RoomEntry {
	return {
		key: `s${seq}`,
		seq,
		mine: false,
		ts: today + seq * MINUTE,
		from: null,
		type: "room",
		room: `room${seq}`,
		kind: "voice",
		outcome: "ended",
		missed: false,
		startedTs: today + seq * MINUTE,
		durationMs: 12 * MINUTE,
		people: ["Ben", "Carla"],
		meThere: true,
		note: null,
		noteDeleted: false,
		sending: null,
		...over,
	};
}

export const roomCards: readonly DisplayEntry[] = [
	room(1, {}),
	room(2, {
		kind: "chat",
		durationMs: 42 * MINUTE,
		people: ["Ben", "Carla", "Dev", "Esme", "Farid", "Greta"],
	}),
	room(3, { kind: "video", missed: true, meThere: false, people: ["Ben", "Carla"] }),
	room(4, { mine: true, outcome: "no_one_joined", durationMs: null, people: [], note: note(5, true) }),
	room(6, {
		outcome: "no_one_joined",
		durationMs: null,
		people: [],
		meThere: false,
		note: note(7, false, { played: false }),
	}),
];
