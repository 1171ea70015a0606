/* A model that stands still: what the screens look like, without a server. */
import { signal } from "@preact/signals";
import type { AppModel, SessionView, Toast } from "../src/state/types/app.ts";
import type { GroupView, PersonView } from "../src/state/types/base.ts";
import type { IncomingView, OutgoingView } from "../src/state/types/calls.ts";
import type { DraftView } from "../src/state/types/drafts.ts";
import type { LiveView } from "../src/state/types/playing.ts";
import type { RecOpen, RecorderView } from "../src/state/types/recorder.ts";
import type { Prefs } from "../src/state/types/settings.ts";
import type { DisplayEntry, ThreadModel } from "../src/state/types/thread.ts";
import { ben, calls, chats, conversation, NOW, people, person } from "./data.ts";
import { fakeRooms, type RoomSetting } from "./rooms.ts";
import { fakeTalk, type TalkSetting } from "./talk.ts";

export const me = {
	id: 8,
	username: "ana",
	name: "Ana Ferreira",
	admin: true,
	device: 1,
	receipts: true,
	hideDecline: false,
	quietUntil: 0,
	quietShare: true,
};

const ok = async () => ({ ok: true as const });
const nothing = () => {};

export const recOpen: RecOpen = {
	rec: "r1",
	target: { conv: 1, name: "Ben Okafor", call: "out" },
	kind: "voice",
	maxMs: 180_000,
	warnings: [],
	canBeHeard: true,
	listeners: [],
	review: "off",
	canListen: true,
};

export function outgoing(phase: OutgoingView["phase"], over: Partial<OutgoingView> = {}): OutgoingView {
	return {
		call: "out",
		conv: 1,
		person: ben,
		kind: "voice",
		phase,
		startedTs: NOW.getTime(),
		canLeaveNoteNow: true,
		refused: null,
		...over,
	};
}

export function incoming(over: Partial<IncomingView> = {}): IncomingView {
	return {
		call: "in",
		conv: 1,
		person: ben,
		kind: "voice",
		startedTs: NOW.getTime(),
		waiting: false,
		answering: false,
		...over,
	};
}

export function live(over: Partial<LiveView> = {}): LiveView {
	return {
		rec: "l1",
		conv: 1,
		call: "c",
		person: ben,
		kind: "voice",
		state: "recording",
		ms: 7000,
		listening: "off",
		canAnswer: true,
		...over,
	};
}

export function draft(over: Partial<DraftView> = {}): DraftView {
	return {
		rec: "d1",
		conv: 1,
		name: "Ben Okafor",
		call: "c",
		kind: "voice",
		savedMs: 12_300,
		createdTs: NOW.getTime(),
		here: true,
		state: "draft",
		canSend: true,
		canContinue: true,
		canSave: false,
		...over,
	};
}

export interface Setting {
	session?: SessionView;
	connection?: "online" | "connecting" | "offline" | "elsewhere";
	entries?: readonly DisplayEntry[];
	person?: PersonView;
	group?: GroupView;
	typing?: boolean;
	draftText?: string;
	loading?: boolean;
	firstUnread?: number | null;
	noChats?: boolean;
	chatsLoading?: boolean;
	outgoing?: OutgoingView;
	incoming?: readonly IncomingView[];
	talk?: TalkSetting;
	rooms?: RoomSetting;
	recorder?: RecorderView;
	ms?: number;
	live?: readonly LiveView[];
	drafts?: readonly DraftView[];
	toasts?: readonly Toast[];
	prefs?: Partial<Prefs>;
	playing?: number;
}

/* What the "Calls" page finds in the other chats. */
function callsOf(s: Setting, conv: number): readonly DisplayEntry[] {
	return s.noChats ? [] : calls.flatMap(({ chat, call }) => (chat.conv === conv ? [call] : []));
}

function thread(s: Setting): ThreadModel {
	const draftText = signal(s.draftText ?? "");
	return {
		conv: 1,
		person: signal(s.group ? person(s.group.conv, s.group.name) : (s.person ?? ben)),
		group: signal(s.group ?? null),
		entries: signal(s.entries ?? conversation),
		loading: signal(s.loading ?? false),
		hasOlder: signal(false),
		firstUnread: signal(s.firstUnread === undefined ? 7 : s.firstUnread),
		typing: signal(s.typing ? (s.group ? people.slice(0, 2) : [ben]) : []),
		draftText,
		notFound: signal(false),
		setShown: nothing,
		loadOlder: ok,
		setDraftText: (text: string) => {
			draftText.value = text;
		},
		sendText: nothing,
		retryText: nothing,
		discardText: nothing,
		deleteEntry: ok,
		retryNote: ok,
		discardNote: ok,
		saveNote: ok,
	};
}

function picture(): MediaStream | null {
	const canvas = document.createElement("canvas");
	canvas.width = 480;
	canvas.height = 480;
	const paint = canvas.getContext("2d");
	if (!paint) return null;
	const sky = paint.createLinearGradient(0, 0, 480, 480);
	sky.addColorStop(0, "#d9b48f");
	sky.addColorStop(1, "#5b4636");
	paint.fillStyle = sky;
	paint.fillRect(0, 0, 480, 480);
	paint.fillStyle = "#f0d9c4";
	paint.beginPath();
	paint.arc(240, 210, 90, 0, 7);
	paint.fill();
	paint.beginPath();
	paint.ellipse(240, 440, 170, 130, 0, 0, 7);
	paint.fill();
	return canvas.captureStream(5);
}

function recorder(s: Setting): AppModel["recorder"] {
	const wave = Array.from(
		{ length: 120 },
		(_, i) => Math.abs(Math.sin(i * 0.4) * Math.sin(i * 0.11)) * 0.8 + 0.01,
	);
	const view = s.recorder ?? { state: "idle" };
	const video = "kind" in view && view.kind === "video";
	return {
		view: signal(view),
		ms: signal(s.ms ?? 8400),
		savedMs: signal((s.ms ?? 8400) - 300),
		countdownMs: signal(2200),
		level: signal(0.45),
		wave: signal(wave),
		reviewMs: signal(3000),
		preview: signal(video ? picture() : null),
		reviewPicture: signal(null),
		can: { voice: true, video: true },
		start: ok,
		skipCountdown: nothing,
		pause: nothing,
		resume: ok,
		listen: nothing,
		send: ok,
		sendAndGoOn: ok,
		discard: nothing,
		keep: nothing,
		replaceInput: ok,
		switchKind: ok,
		retry: ok,
		saveFile: ok,
		dismiss: nothing,
	};
}

function player(s: Setting): AppModel["player"] {
	const current = conversation.flatMap(entry =>
		entry.type === "call" && entry.seq === s.playing && entry.note ? [entry.note] : [],
	)[0];
	return {
		current: signal(current ?? null),
		playing: signal(current !== undefined),
		waiting: signal(false),
		positionMs: signal(9000),
		speed: signal(1.5),
		failed: signal(null),
		picture: signal(null),
		play: nothing,
		toggle: nothing,
		pause: nothing,
		seek: nothing,
		nextSpeed: nothing,
		positionOf: note => (current && note.seq === current.seq ? 9000 : note.positionMs),
		stop: nothing,
	};
}

function settings(s: Setting): AppModel["settings"] {
	const prefs: Prefs = {
		theme: "auto",
		contrast: "auto",
		sounds: true,
		shortcuts: true,
		joinMuted: false,
		microphone: "",
		camera: "",
		speed: 1,
		language: "en-GB",
		...s.prefs,
	};
	return {
		prefs: signal(prefs),
		notifications: signal("off"),
		inputs: signal({ microphones: [{ id: "a", label: "Built-in microphone" }], cameras: [] }),
		set: nothing,
		enableNotifications: ok,
		disableNotifications: nothing,
		loadInputs: ok,
		testSound: nothing,
		setName: ok,
		setReceipts: ok,
		setHideDecline: ok,
		setQuiet: ok,
	};
}

const link = async () => ({
	ok: true as const,
	link: "https://chat.example.org/#i=Vn3kX0q7b1YJ2",
	expiresTs: NOW.getTime() + 7e8,
});

export function fakeApp(s: Setting): AppModel {
	const only = thread(s);
	const list = s.noChats ? [] : chats;
	return {
		session: signal(s.session ?? { state: "signedIn", me }),
		connection: signal(s.connection ?? "online"),
		limits: signal({
			ringMs: 45_000,
			ringStopMs: 60_000,
			unreachableMs: 15_000,
			noteOfferMs: 5000,
			voiceMaxMs: 180_000,
			videoMaxMs: 60_000,
			noteMinMs: 1000,
			warnMs: 15_000,
			fragmentMax: 262_144,
			textMax: 16_384,
		}),
		toasts: signal(s.toasts ?? []),
		spoken: signal(""),
		flash: signal(null),
		wanted: signal(null),
		updateReady: signal(false),
		chats: {
			list: signal(list),
			all: signal(list),
			loaded: signal(!s.chatsLoading),
			filter: signal("all"),
			query: signal(""),
			unreadTotal: signal(s.noChats ? 0 : 3),
			unheardTotal: signal(1),
			setFilter: nothing,
			setQuery: nothing,
			open: async () => ({ ok: true, conv: 1 }),
		},
		calls: {
			outgoing: signal(s.outgoing ?? null),
			incoming: signal(s.incoming ?? []),
			answered: signal(null),
			start: async () => ({ ok: true, call: "x" }),
			cancel: ok,
			leaveNote: ok,
			callAgain: ok,
			answer: ok,
			decline: ok,
			silence: nothing,
			hangUp: ok,
		},
		talk: fakeTalk(s.talk),
		rooms: fakeRooms(s.rooms),
		recorder: recorder(s),
		drafts: { list: signal(s.drafts ?? []), send: ok, resume: ok, discard: ok, saveFile: ok },
		player: player(s),
		live: {
			notes: signal(s.live ?? []),
			picture: signal(null),
			listen: ok,
			stop: nothing,
			answer: ok,
			dismiss: nothing,
		},
		groups: {
			create: async () => ({ ok: true, conv: 7 }),
			shrink: async () => ({ ok: false, code: "unsupported" }),
			setName: ok,
			setPicture: ok,
			add: ok,
			remove: ok,
			setAdmin: ok,
			leave: ok,
		},
		people: {
			found: signal(people),
			finding: signal(false),
			find: ok,
			invite: link,
			invites: async () => ({
				ok: true,
				invites: [{ id: 1, uses: 2, expiresTs: NOW.getTime() + 6e8, createdTs: NOW.getTime(), by: "Ana" }],
			}),
			revokeInvite: ok,
			block: ok,
			unblock: ok,
		},
		devices: {
			list: signal([
				{ id: 1, name: "Firefox on Linux", createdTs: 0, seenTs: NOW.getTime(), current: true },
				{ id: 2, name: "Chrome on Android", createdTs: 0, seenTs: NOW.getTime() - 4e6, current: false },
			]),
			loading: signal(false),
			load: ok,
			rename: ok,
			revoke: ok,
		},
		settings: settings(s),
		thread: conv => (conv === only.conv ? only : { ...only, conv, entries: signal(callsOf(s, conv)) }),
		signIn: async () => ({ ok: false, code: "unauthorized" }),
		createAccount: async () => ({ ok: false, code: "exists" }),
		signOut: ok,
		useHere: nothing,
		announce: nothing,
		dismiss: nothing,
		shown: nothing,
		reload: nothing,
	};
}
