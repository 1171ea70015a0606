/* Every main screen and state, by name. */
import { ben, cards, garden, gardenTalk, people, roomCards } from "./data.ts";
import { draft, incoming, live, outgoing, recOpen, type Setting } from "./fake.ts";
import { absent, roomIncoming } from "./rooms.ts";

export interface State extends Setting {
	path: string;
	/* Pressed once the screen is there, by its accessible name. */
	press?: string[];
}

const out = { state: "signedOut", firstRun: false, invite: null, why: null, unreachable: false } as const;
const unanswered = (
	outcome: "no_answer" | "declined" | "unreachable" | "cancelled",
	prompt: "main" | "offered" | "small",
) => outgoing({ name: "unanswered", outcome, prompt, quietUntil: null });
const on = { muted: false, camera: true, screen: false };
const video = { kind: "video", mine: on, theirs: on } as const;
const noteFor = { ...recOpen };
const fromThread = { ...recOpen, target: { conv: 1, name: ben.name, call: null } };

const speaks = (which: number) => (i: number) => ({ speaking: i === which });
const gone = [absent("Greta Olsen", "declined"), absent("Hal", "busy"), absent("Ines Costa", "no_answer")];
const rung = [absent("Greta Olsen", "ringing"), absent("Hal", "busy"), absent("Ines Costa", "ringing")];

export const states: Record<string, State> = {
	"sign-in": { path: "/", session: out },
	join: { path: "/", session: { ...out, invite: { admin: false, from: "Marta Lindqvist" } } },
	"first-run": { path: "/", session: { ...out, firstRun: true } },
	chats: { path: "/" },
	"chats-empty": { path: "/", noChats: true },
	"chats-loading": { path: "/", chatsLoading: true },
	drafts: { path: "/", drafts: [draft()] },
	"new-chat": { path: "/", press: ["New chat"] },
	invite: { path: "/", press: ["New chat", "Invite someone"] },
	thread: { path: "/c/1" },
	"thread-playing": { path: "/c/1", playing: 7 },
	"thread-typing": { path: "/c/1", typing: true, draftText: "I’ll be there at seven, and could you please" },
	"thread-empty": { path: "/c/1", entries: [] },
	"thread-info": { path: "/c/1", press: ["Chat info"] },
	"thread-blocked": { path: "/c/1", person: { ...ben, blocked: true } },
	"thread-draft": { path: "/c/1", drafts: [draft()] },
	group: { path: "/c/7", group: garden, entries: gardenTalk, typing: true, firstUnread: null },
	"group-info": { path: "/c/7", group: garden, entries: gardenTalk, press: ["Chat info"] },
	"group-left": { path: "/c/7", group: { ...garden, left: true }, entries: gardenTalk },
	"new-group": { path: "/", press: ["New chat", "New group"] },
	cards: { path: "/c/1", entries: cards, firstUnread: null },
	offline: { path: "/c/1", connection: "offline" },
	live: { path: "/c/1", live: [live()] },
	"live-listening": { path: "/c/1", live: [live({ listening: "playing" })] },
	"live-elsewhere": { path: "/calls", live: [live()] },
	reaching: { path: "/c/1", outgoing: outgoing({ name: "reaching" }, { canLeaveNoteNow: false }) },
	ringing: { path: "/c/1", outgoing: outgoing({ name: "ringing", devices: 1 }) },
	unanswered: { path: "/c/1", outgoing: unanswered("no_answer", "main") },
	"unanswered-video": { path: "/c/1", outgoing: { ...unanswered("unreachable", "main"), kind: "video" } },
	declined: { path: "/c/1", outgoing: unanswered("declined", "offered") },
	cancelled: { path: "/c/1", outgoing: unanswered("cancelled", "small") },
	recording: {
		path: "/c/1",
		outgoing: outgoing({ name: "note" }),
		recorder: { ...noteFor, state: "recording" },
	},
	"recording-heard": {
		path: "/c/1",
		outgoing: outgoing({ name: "note" }),
		ms: 168_000,
		recorder: {
			...noteFor,
			state: "recording",
			listeners: ["Ben Okafor"],
			warnings: ["limitSoon", "silent"],
		},
	},
	paused: {
		path: "/c/1",
		outgoing: outgoing({ name: "note" }),
		recorder: { ...noteFor, state: "paused", why: null, canResume: true },
	},
	"rec-failed": {
		path: "/c/1",
		outgoing: outgoing({ name: "note" }),
		recorder: { ...noteFor, state: "failed", code: "full", canRetry: true, canSave: true },
	},
	countdown: {
		path: "/c/1",
		outgoing: outgoing({ name: "note" }, { kind: "video" }),
		recorder: { state: "countdown", target: noteFor.target, kind: "video" },
	},
	"recording-video": {
		path: "/c/1",
		outgoing: outgoing({ name: "note" }, { kind: "video" }),
		recorder: { ...noteFor, kind: "video", maxMs: 60_000, state: "recording" },
	},
	denied: {
		path: "/c/1",
		outgoing: outgoing({ name: "note" }),
		recorder: { state: "blocked", target: noteFor.target, kind: "voice", code: "denied" },
	},
	"rec-thread": { path: "/c/1", recorder: { ...fromThread, state: "recording" } },
	"rec-thread-paused": {
		path: "/c/1",
		recorder: { ...fromThread, state: "paused", why: null, canResume: true },
	},
	"rec-thread-denied": {
		path: "/c/1",
		recorder: { state: "blocked", target: fromThread.target, kind: "voice", code: "denied" },
	},
	incoming: { path: "/c/1", incoming: [incoming()] },
	"incoming-video": { path: "/", incoming: [incoming({ kind: "video", person: people[3] ?? ben })] },
	"incoming-words": { path: "/", incoming: [incoming()], press: ["Decline with a message"] },
	waiting: {
		path: "/c/1",
		talk: {},
		incoming: [incoming({ waiting: true, person: people[1] ?? ben })],
	},
	call: { path: "/c/1", talk: {} },
	"call-connecting": { path: "/c/1", talk: { link: "connecting", quality: null, theirLevel: 0 } },
	"call-weak": {
		path: "/c/1",
		talk: {
			quality: "poor",
			mine: { muted: true, camera: false, screen: false },
			theirs: { muted: true, camera: false, screen: false },
		},
	},
	"call-asks": { path: "/c/1", talk: { ask: "asks" } },
	"call-doubt": { path: "/c/1", talk: { trust: "unverified", microphone: "denied" } },
	"call-video": { path: "/c/1", talk: video },
	"call-video-off": {
		path: "/c/1",
		talk: { ...video, theirs: { muted: false, camera: false, screen: false } },
	},
	"call-screen": { path: "/c/1", talk: { ...video, theirs: { muted: false, camera: true, screen: true } } },
	"call-devices": { path: "/c/1", talk: { level: 0.3 }, press: ["More", "Microphone, camera and speaker"] },
	"call-info": { path: "/c/1", talk: { trust: "changed" }, press: ["Call info"] },
	"call-help": { path: "/c/1", talk: {}, press: ["More", "Keyboard shortcuts"] },
	"call-menu": { path: "/c/1", talk: video, press: ["More"] },
	"call-small": { path: "/c/1", talk: {}, press: ["Minimise"] },
	"call-elsewhere": { path: "/c/1", talk: { elsewhere: true } },
	room: { path: "/c/1", rooms: { others: 4, cameras: true, ownCamera: true, person: speaks(0) } },
	"room-two": { path: "/c/1", rooms: { others: 1, cameras: true, ownCamera: true, person: speaks(0) } },
	"room-grid": {
		path: "/c/1",
		rooms: {
			others: 4,
			cameras: true,
			ownCamera: true,
			person: speaks(1),
			view: { layout: "grid", stage: null },
		},
	},
	"room-voice": { path: "/c/1", rooms: { others: 3, person: speaks(0), room: { kind: "voice" } } },
	"room-many": { path: "/c/1", rooms: { others: 9, cameras: true, person: speaks(2), view: { more: 11 } } },
	"room-reactions": {
		path: "/c/1",
		rooms: {
			others: 4,
			cameras: true,
			ownCamera: true,
			reactions: [
				{ id: 1, user: 20, emoji: "👏", count: 3 },
				{ id: 2, user: 21, emoji: "❤️", count: 1 },
				{ id: 3, user: 22, emoji: "🎉", count: 1 },
				{ id: 4, user: 90, emoji: "😂", count: 12 },
			],
		},
		press: ["React"],
	},
	"room-emoji": { path: "/c/1", rooms: { others: 2, cameras: true }, press: ["React", "More emoji"] },
	"room-hands": {
		path: "/c/1",
		rooms: {
			others: 4,
			cameras: true,
			person: i => ({ hand: i === 1 ? 1 : i === 3 ? 2 : null, muted: i === 2 }),
			mine: { hand: 3, muted: true },
			view: { handHint: true },
			people: gone,
		},
	},
	"room-people": {
		path: "/c/1",
		rooms: {
			others: 4,
			person: i => ({ hand: i === 1 ? 1 : i === 3 ? 2 : null, muted: i === 2 }),
			people: gone,
		},
		press: ["People"],
	},
	"room-ringing": {
		path: "/c/1",
		rooms: { others: 0, room: { state: "ringing", mine: true }, view: { prompt: "ringing" }, people: rung },
	},
	"room-no-one": {
		path: "/c/1",
		rooms: { others: 0, room: { state: "waiting", mine: true }, view: { prompt: "noOne" }, people: gone },
	},
	"room-no-one-recording": {
		path: "/c/1",
		rooms: { others: 0, room: { state: "waiting", mine: true }, view: { prompt: "noOne" }, people: gone },
		recorder: { ...recOpen, target: { conv: 1, name: "Garden", call: "r" }, state: "recording" },
	},
	"room-live": { path: "/c/1", rooms: { others: 3, person: speaks(1), view: null } },
	"chat-live": { path: "/c/1", rooms: { others: 3, person: speaks(1), view: null, room: { kind: "chat" } } },
	"chat-in": { path: "/", rooms: { others: 3, person: speaks(1), room: { kind: "chat" } } },
	"chat-none": { path: "/c/1", rooms: { choice: { conv: 1, kind: "voice", others: 5, many: false } } },
	"chat-large": {
		path: "/c/1",
		rooms: { others: 4, person: speaks(1), room: { kind: "chat" }, view: { pictures: false }, large: true },
	},
	"room-start-many": {
		path: "/c/1",
		rooms: { choice: { conv: 1, kind: "video", others: 14, many: true } },
		press: ["Ring 14 people"],
	},
	"room-incoming": { path: "/c/1", rooms: { incoming: [roomIncoming()] } },
	"room-cards": { path: "/c/1", entries: roomCards, firstUnread: null, rooms: { incoming: [] } },
	calls: { path: "/calls" },
	you: { path: "/you" },
	toast: {
		path: "/c/1",
		toasts: [{ id: 1, what: { type: "noteDiscarded", ms: 12_000 }, action: { name: "undo", run: () => {} } }],
	},
};
