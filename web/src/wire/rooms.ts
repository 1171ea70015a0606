/* Group calls and voice chats: what the server says about them (docs/protocol.md, rooms). */
import {
	array,
	bool,
	type Decode,
	type Decoded,
	hexId,
	int,
	object,
	oneOf,
	orElse,
	orNull,
	positive,
	text,
} from "./decode.ts";
import { candidate } from "./media.ts";

const PEOPLE = 1024;

export const roomKind = oneOf("voice", "video", "chat");
export type RoomKind = Decoded<typeof roomKind>;

const states = [
	"ringing",
	"joined",
	"away",
	"left",
	"declined",
	"busy",
	"no_answer",
	"unreachable",
	"invited",
] as const;
export type PersonState = (typeof states)[number];

/* One that this client does not know is of somebody who is not in it. */
const personState: Decode<PersonState> = x => states.find(state => state === x) ?? "left";

const person = object({
	user: positive,
	state: personState,
	/* Only of my own person. */
	device: orElse(int, 0),
	muted: orElse(bool, false),
	camera: orElse(bool, false),
	screen: orElse(bool, false),
	joined: orElse(int, 0),
	guest: orElse(bool, false),
});
export type WirePerson = Decoded<typeof person>;

export const room = object({
	room: hexId,
	conv: positive,
	kind: roomKind,
	by: positive,
	state: oneOf("ringing", "live", "waiting", "ended"),
	started: orElse(int, 0),
	ended: orNull(int),
	until: orNull(int),
	locked: orElse(bool, false),
	may_moderate: orElse(bool, false),
	outcome: orNull(text(32)),
	from_call: orNull(hexId),
	people: array(person, PEOPLE),
	hands: orElse(array(positive, PEOPLE), []),
	rev: orElse(int, 0),
});
export type Room = Decoded<typeof room>;

const source = oneOf("mic", "camera", "screen");

const slot = object({ mid: text(16), user: positive, source });
export type WireSlot = Decoded<typeof slot>;

const SLOTS = 32;

/* What room.join answers; the SDP answer is written from it. */
export const roomMedia = object({
	ufrag: text(256),
	pwd: text(256),
	fingerprint: text(256),
	candidates: array(candidate, 16),
	slots: array(object({ mid: text(16), ssrc: positive, rtx: orElse(int, 0) }), SLOTS),
	peer: orElse(int, 0),
});
export type RoomMedia = Decoded<typeof roomMedia>;

const users = orElse(array(positive, PEOPLE), []);

export const roomEvents = {
	room: object({ room }),
	"room.slots": object({ room: hexId, epoch: orElse(int, 0), slots: array(slot, SLOTS) }),
	"room.speakers": object({
		room: hexId,
		stage: orNull(positive),
		before: orNull(positive),
		order: users,
		ring: users,
	}),
	"room.react": object({ room: hexId, user: positive, emoji: text(32) }),
	"room.layers": object({ room: hexId, rids: array(text(16), 8), screen: orElse(bool, false) }),
	"room.hint": object({ room: hexId, why: orElse(text(32), ""), by: orNull(positive) }),
};
export type Speakers = Decoded<(typeof roomEvents)["room.speakers"]>;

/* What room.join says of the offer: everything that the server needs of it. Ids of extensions: 0 = not offered. */
export interface RoomParams {
	readonly fingerprint: string;
	readonly audio: {
		readonly pt: number;
		readonly red: number | null;
		readonly ext: { readonly mid: number; readonly level: number };
	};
	readonly video: {
		readonly pt: number;
		readonly rtx: number;
		readonly ext: {
			readonly mid: number;
			readonly rid: number;
			readonly rrid: number;
			readonly twcc: number;
			readonly abs_send: number;
		};
	} | null;
	readonly send: {
		readonly mic: { readonly mid: string; readonly ssrc: number | null };
		readonly camera: {
			readonly mid: string;
			readonly rids: readonly string[];
			readonly ssrc: number | null;
			readonly rtx_ssrc: number | null;
		} | null;
		readonly screen: {
			readonly mid: string;
			readonly ssrc: number | null;
			readonly rtx_ssrc: number | null;
		} | null;
	};
	readonly recv: readonly { readonly mid: string; readonly kind: "audio" | "video" | "screen" }[];
}

export const roomBody = object({
	kind: roomKind,
	by: orElse(int, 0),
	outcome: oneOf("no_one_joined", "ended"),
	started: orElse(int, 0),
	duration_ms: orNull(int),
	people: orElse(array(object({ user: positive, ms: orElse(int, 0) }), PEOPLE), []),
	/* Nobody was called where it just opened. */
	rang: orElse(bool, true),
	/* For everybody else it is a missed call. */
	knew: orElse(array(positive, PEOPLE), []),
});
export type RoomBody = Decoded<typeof roomBody>;
