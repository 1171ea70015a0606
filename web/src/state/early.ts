/* What the screens see until voice.ts is there: nothing goes on. A call or a recording that is asked for already waits for it. */
import { signal } from "@preact/signals";
import { failure, type Result } from "../wire/errors.ts";
import type { CallModel } from "./types/calls.ts";
import type { DraftsModel } from "./types/drafts.ts";
import type { GroupsModel } from "./types/groups.ts";
import type { LiveModel } from "./types/playing.ts";
import type { RecorderModel } from "./types/recorder.ts";
import type { RoomsModel } from "./types/rooms.ts";
import type { TalkModel } from "./types/talk.ts";

export interface EarlyParts {
	readonly calls: CallModel;
	readonly talk: TalkModel;
	readonly rooms: RoomsModel;
	readonly recorder: RecorderModel;
	readonly drafts: DraftsModel;
	readonly live: LiveModel;
	readonly groups: GroupsModel;
}

export function early(can: RecorderModel["can"], later: () => Promise<EarlyParts | null>): EarlyParts {
	const gone = async (): Promise<Result<never>> => failure("gone");
	const nothing = () => {};
	const none = signal(null);
	const zero = signal(0);
	const empty = signal([]);
	return {
		calls: {
			outgoing: none,
			incoming: empty,
			answered: none,
			start: async (conv, kind) => (await later())?.calls.start(conv, kind) ?? failure("gone"),
			cancel: gone,
			leaveNote: gone,
			callAgain: gone,
			answer: gone,
			decline: gone,
			silence: nothing,
			hangUp: gone,
		},
		talk: {
			view: none,
			elsewhere: empty,
			level: zero,
			theirLevel: zero,
			ownPicture: none,
			theirPicture: none,
			ownScreen: none,
			theirScreen: none,
			mirrored: signal(true),
			outputs: signal({ list: [], chosen: "" }),
			can: signal({ screen: false, flip: false, output: false }),
			setMuted: nothing,
			talkThrough: nothing,
			setCamera: gone,
			flipCamera: gone,
			setScreen: gone,
			reply: gone,
			loadOutputs: gone,
			setOutput: gone,
			confirmKey: nothing,
			moveHere: gone,
			leave: gone,
		},
		rooms: {
			byConv: signal(new Map()),
			incoming: empty,
			view: none,
			large: signal(false),
			choice: none,
			setLarge: nothing,
			reactions: empty,
			level: zero,
			ownPicture: none,
			ownScreen: none,
			mirrored: signal(true),
			outputs: signal({ list: [], chosen: "" }),
			can: signal({ screen: false, flip: false, output: false }),
			choose: (conv, kind) => void later().then(voice => voice?.rooms.choose(conv, kind)),
			start: async (conv, kind, ring) => (await later())?.rooms.start(conv, kind, ring) ?? failure("gone"),
			join: gone,
			leave: gone,
			decline: gone,
			silence: nothing,
			grow: gone,
			invite: gone,
			callAgain: gone,
			leaveNote: gone,
			setMuted: nothing,
			talkThrough: nothing,
			setCamera: gone,
			flipCamera: gone,
			setScreen: gone,
			react: gone,
			setHand: gone,
			keepHand: nothing,
			setLayout: nothing,
			pin: nothing,
			sized: nothing,
			floats: nothing,
			frame: nothing,
			lowerHand: gone,
			mute: gone,
			kick: gone,
			lock: gone,
			loadOutputs: gone,
			setOutput: gone,
		},
		recorder: {
			view: signal({ state: "idle" }),
			ms: zero,
			savedMs: zero,
			countdownMs: zero,
			level: zero,
			wave: empty,
			reviewMs: zero,
			preview: none,
			reviewPicture: none,
			can,
			start: async (conv, kind) => (await later())?.recorder.start(conv, kind) ?? failure("gone"),
			skipCountdown: nothing,
			pause: nothing,
			resume: gone,
			listen: nothing,
			send: gone,
			sendAndGoOn: gone,
			discard: nothing,
			keep: nothing,
			replaceInput: gone,
			switchKind: gone,
			retry: gone,
			saveFile: gone,
			dismiss: nothing,
		},
		drafts: { list: empty, send: gone, resume: gone, discard: gone, saveFile: gone },
		live: { notes: empty, picture: none, listen: gone, stop: nothing, answer: gone, dismiss: nothing },
		groups: {
			create: async (...args) => (await later())?.groups.create(...args) ?? failure("gone"),
			shrink: async file => (await later())?.groups.shrink(file) ?? failure("gone"),
			setName: gone,
			setPicture: gone,
			add: gone,
			remove: gone,
			setAdmin: gone,
			leave: gone,
		},
	};
}
