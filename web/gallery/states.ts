/* Every main screen and state, by name. */
import { ben, cards, garden, gardenTalk, people } from "./data.ts";
import { draft, incoming, live, outgoing, recOpen, type Setting } from "./fake.ts";

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
	calls: { path: "/calls" },
	you: { path: "/you" },
	toast: {
		path: "/c/1",
		toasts: [{ id: 1, what: { type: "noteDiscarded", ms: 12_000 }, action: { name: "undo", run: () => {} } }],
	},
};
