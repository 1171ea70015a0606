/* Rooms that stand still, to look at. */
import { signal } from "@preact/signals";
import type { AppModel } from "../src/state/types/app.ts";
import type { PersonView } from "../src/state/types/base.ts";
import type {
	ReactionView,
	RoomChoice,
	RoomIncomingView,
	RoomPerson,
	RoomTalkView,
	RoomView,
	TileView,
} from "../src/state/types/rooms.ts";
import { NOW, people } from "./data.ts";
import { picture } from "./talk.ts";

const group: PersonView = { id: 1, username: "", name: "Garden committee", blocked: false, online: 0 };
const names = ["Ben Okafor", "Carla Díaz", "Dev Patel", "Esme van der Linden", "Farid Haddad", "Greta Olsen"];
const ink = [
	["#d9b48f", "#5b4636"],
	["#b9c7c2", "#33433f"],
	["#cdb6d6", "#4a3a57"],
	["#c8cfa4", "#4b5232"],
	["#a9c0dc", "#2c3f58"],
	["#e0b9ae", "#613d36"],
] as const;

function person(id: number, name: string, over: Partial<RoomPerson> = {}): RoomPerson {
	return {
		person: { id, username: name, name, blocked: false, online: 1 },
		me: false,
		state: "joined",
		here: true,
		muted: false,
		camera: false,
		screen: false,
		speaking: false,
		hand: null,
		guest: false,
		...over,
	};
}

const me = (over: Partial<RoomPerson> = {}) => person(8, "Ana Ferreira", { me: true, ...over });

export interface RoomSetting {
	/* How many others are in it. */
	others?: number;
	cameras?: boolean;
	room?: Partial<RoomView>;
	view?: Partial<RoomTalkView> | null;
	person?: (index: number) => Partial<RoomPerson>;
	mine?: Partial<RoomPerson>;
	people?: readonly RoomPerson[];
	reactions?: readonly ReactionView[];
	incoming?: readonly RoomIncomingView[];
	choice?: RoomChoice;
	ownCamera?: boolean;
	large?: boolean;
}

export const absent = (name: string, state: RoomPerson["state"]) =>
	person(40 + name.length, name, { state, here: false });

export function roomIncoming(): RoomIncomingView {
	return {
		room: "r",
		conv: 1,
		group,
		ofGroup: true,
		picture: null,
		by: people[0] ?? group,
		kind: "video",
		startedTs: NOW.getTime(),
		waiting: false,
		answering: false,
	};
}

export function fakeRooms(s: RoomSetting | undefined): AppModel["rooms"] {
	const ok = async () => ({ ok: true as const });
	const nothing = () => {};
	const count = s?.others ?? 0;
	const others = Array.from({ length: count }, (_, i) =>
		person(20 + i, names[i % names.length] ?? "", { camera: s?.cameras ?? false, ...s?.person?.(i) }),
	);
	const mine = me({ camera: s?.ownCamera ?? false, ...s?.mine });
	const inside = s?.view !== null;
	const room: RoomView = {
		room: "r",
		conv: 1,
		group,
		kind: "video",
		state: "live",
		by: people[0] ?? group,
		mine: false,
		startedTs: Date.now() - 754_000,
		locked: false,
		mayModerate: true,
		people: [...others, ...(inside ? [mine] : []), ...(s?.people ?? [])],
		count: count + (inside ? 1 : 0),
		here: inside ? "here" : "no",
		...s?.room,
	};
	const tiles = others.map((of, i): TileView => {
		const [warm = "", dark = ""] = ink[i % ink.length] ?? [];
		const stream = of.camera ? picture(640, 360, warm, dark) : null;
		return {
			key: `${of.person.id}:camera`,
			source: "camera",
			of,
			shown: stream && { key: `0.${i}`, stream },
			next: null,
		};
	});
	const view: RoomTalkView = {
		room,
		link: "connected",
		quality: "good",
		mine: { muted: mine.muted, camera: mine.camera, screen: false },
		me: mine,
		pictures: true,
		layout: "speaker",
		stage: tiles[0]?.key ?? null,
		pinned: null,
		tiles,
		more: 0,
		handHint: false,
		mutedBy: null,
		microphone: null,
		camera: null,
		prompt: "none",
		taking: false,
		recording: false,
		...s?.view,
	};
	const layout = signal(view);
	const known = s !== undefined && s.incoming === undefined && s.choice === undefined;
	return {
		byConv: signal(new Map(known ? [[1, room]] : [])),
		incoming: signal(s?.incoming ?? []),
		view: known && inside ? layout : signal(null),
		large: signal(s?.large ?? view.room.kind !== "chat"),
		setLarge: nothing,
		choice: signal(s?.choice ?? null),
		reactions: signal(s?.reactions ?? []),
		level: signal(0.2),
		ownPicture: signal(mine.camera ? picture(640, 360, "#d8cbb8", "#4d4336") : null),
		ownScreen: signal(null),
		mirrored: signal(true),
		outputs: signal({ list: [{ id: "s", label: "Headphones" }], chosen: "" }),
		can: signal({ screen: true, flip: false, output: true }),
		choose: nothing,
		start: ok,
		join: ok,
		leave: ok,
		decline: ok,
		silence: nothing,
		grow: ok,
		invite: ok,
		callAgain: ok,
		leaveNote: ok,
		setMuted: nothing,
		talkThrough: nothing,
		setCamera: ok,
		flipCamera: ok,
		setScreen: ok,
		react: ok,
		setHand: ok,
		keepHand: nothing,
		setLayout: now => {
			layout.value = { ...layout.value, layout: now, stage: now === "grid" ? null : view.stage };
		},
		pin: key => {
			layout.value = { ...layout.value, layout: "speaker", pinned: key, stage: key ?? view.stage };
		},
		sized: nothing,
		frame: nothing,
		floats: nothing,
		lowerHand: ok,
		mute: ok,
		kick: ok,
		lock: ok,
		loadOutputs: ok,
		setOutput: ok,
	};
}
