/* Group calls and voice chats. `RoomsModel` is `app.rooms`; its `view` is null while this device is in none. */
import type { ReadonlySignal } from "@preact/signals";
import type { Result } from "../../wire/errors.ts";
import type { Kind, PersonView } from "./base.ts";
import type { InputView } from "./settings.ts";
import type { Quality, TalkLink, TalkSide, TalkTrouble } from "./talk.ts";
import type { RoomKind } from "./thread.ts";

export type { RoomKind } from "./thread.ts";

export type RoomPersonState =
	| "ringing"
	| "joined"
	| "away"
	| "left"
	| "declined"
	| "busy"
	| "no_answer"
	| "unreachable"
	| "invited";

export interface RoomPerson {
	readonly person: PersonView;
	readonly me: boolean;
	readonly state: RoomPersonState;
	/* joined or away. */
	readonly here: boolean;
	readonly muted: boolean;
	readonly camera: boolean;
	readonly screen: boolean;
	readonly speaking: boolean;
	/* The hand is up: 1 is the first in the line. null = down. */
	readonly hand: number | null;
	readonly guest: boolean;
}

/* A room that is open, whether I am in it or not. */
export interface RoomView {
	readonly room: string;
	readonly conv: number;
	/* The group by its name, else whoever invites. */
	readonly group: PersonView;
	readonly kind: RoomKind;
	readonly state: "ringing" | "live" | "waiting";
	readonly by: PersonView;
	readonly mine: boolean;
	/* By this device's clock. */
	readonly startedTs: number;
	readonly locked: boolean;
	readonly mayModerate: boolean;
	readonly people: readonly RoomPerson[];
	/* How many are in it. */
	readonly count: number;
	/* Whether this device is in it, or another of mine. */
	readonly here: "no" | "here" | "elsewhere";
}

export interface RoomIncomingView {
	readonly room: string;
	readonly conv: number;
	readonly group: PersonView;
	/* `group` is one of my groups, not a person. */
	readonly ofGroup: boolean;
	readonly picture: string | null;
	readonly by: PersonView;
	readonly kind: Kind;
	readonly startedTs: number;
	/* Another call is going on: small, without the ring tone. */
	readonly waiting: boolean;
	readonly answering: boolean;
}

export type TileSource = "camera" | "screen";

export interface TileStream {
	/* Stays the same while it is the same picture of the same connection. */
	readonly key: string;
	readonly stream: MediaStream;
}

export interface TileView {
	readonly key: string;
	readonly source: TileSource;
	readonly of: RoomPerson;
	/* null: no picture (yet). Muted; the voice comes by another way. */
	readonly shown: TileStream | null;
	/* Takes the place of `shown` once it has a picture of this person: draw it unseen, and say frame() at each frame. */
	readonly next: TileStream | null;
}

export type RoomLayout = "speaker" | "grid";

export interface RoomTalkView {
	readonly room: RoomView;
	readonly link: TalkLink;
	readonly quality: Quality | null;
	readonly mine: TalkSide;
	readonly me: RoomPerson | null;
	/* Cameras and screens are possible here: not in voice chats. */
	readonly pictures: boolean;
	readonly layout: RoomLayout;
	/* Key of the tile that is large. Never my own. */
	readonly stage: string | null;
	readonly pinned: string | null;
	/* The others', in an order that does not jump. */
	readonly tiles: readonly TileView[];
	/* People who are in it without a tile, for want of room. */
	readonly more: number;
	/* I have spoken, and my hand is still up. */
	readonly handHint: boolean;
	/* Who has just muted me. */
	readonly mutedBy: PersonView | null;
	readonly microphone: TalkTrouble | null;
	readonly camera: TalkTrouble | null;
	/* For who started it: it rings, or nobody came. */
	readonly prompt: "none" | "ringing" | "noOne";
	/* It takes the place of a call between two, which still goes on. */
	readonly taking: boolean;
	/* I record a note, so nobody hears me until it is over. */
	readonly recording: boolean;
}

export interface ReactionView {
	readonly id: number;
	readonly user: number;
	readonly emoji: string;
	/* So many at once. */
	readonly count: number;
}

/* What somebody is about to start in a group. */
export interface RoomChoice {
	readonly conv: number;
	readonly kind: Kind;
	/* How many others would be rung. */
	readonly others: number;
	/* More than the server rings without a second yes. */
	readonly many: boolean;
}

export interface RoomsModel {
	/* The open room of each chat. */
	readonly byConv: ReadonlySignal<ReadonlyMap<number, RoomView>>;
	readonly incoming: ReadonlySignal<readonly RoomIncomingView[]>;
	readonly view: ReadonlySignal<RoomTalkView | null>;
	/* It has the window; else it is a bar above the chats, where voice chats begin. */
	readonly large: ReadonlySignal<boolean>;
	readonly choice: ReadonlySignal<RoomChoice | null>;
	readonly reactions: ReadonlySignal<readonly ReactionView[]>;
	/* Changes many times a second, 0 to 1; read it where it is drawn. */
	readonly level: ReadonlySignal<number>;
	readonly ownPicture: ReadonlySignal<MediaStream | null>;
	readonly ownScreen: ReadonlySignal<MediaStream | null>;
	readonly mirrored: ReadonlySignal<boolean>;
	readonly outputs: ReadonlySignal<{ readonly list: readonly InputView[]; readonly chosen: string }>;
	readonly can: ReadonlySignal<{
		readonly screen: boolean;
		readonly flip: boolean;
		readonly output: boolean;
	}>;

	setLarge(on: boolean): void;
	/* Asks how: `choice` is there until start() or choose(0). Where a room is open already, joins it. */
	choose(conv: number, kind: Kind): void;
	start(conv: number, kind: RoomKind, ring: boolean): Promise<Result>;
	/* Without options: as at the device from which it is taken over, else as the last time. */
	join(room: string, options?: { muted?: boolean; camera?: boolean }): Promise<Result>;
	leave(): Promise<Result>;
	decline(room: string): Promise<Result>;
	/* Stops the ring tone here only. */
	silence(room: string): void;
	/* The call between two that I am in becomes a room, and these are rung. */
	grow(users: readonly number[]): Promise<Result>;
	invite(users: readonly number[]): Promise<Result>;
	/* Rings once more whoever is not in it. */
	callAgain(): Promise<Result>;
	/* For a room that nobody came to: records for its chat. */
	leaveNote(kind?: Kind): Promise<Result>;

	setMuted(on: boolean): void;
	talkThrough(on: boolean): void;
	setCamera(on: boolean): Promise<Result>;
	flipCamera(): Promise<Result>;
	/* Call inside a click. */
	setScreen(on: boolean): Promise<Result>;
	react(emoji: string): Promise<Result>;
	setHand(up: boolean): Promise<Result>;
	/* The hint is seen; the hand stays up. */
	keepHand(): void;
	setLayout(layout: RoomLayout): void;
	/* null: the server chooses. */
	pin(tile: string | null): void;
	/* So tall, in pixels of the screen, that tile is drawn; 0 = not at all. */
	sized(tile: string, height: number): void;
	/* That tile has a window of its own, seen even while the page is hidden; null = none has. */
	floats(tile: string | null, height: number): void;
	/* `next` of that tile has drawn a frame. */
	frame(tile: string): void;

	/* For moderators. */
	lowerHand(user: number): Promise<Result>;
	mute(user: number): Promise<Result>;
	kick(user: number): Promise<Result>;
	lock(on: boolean): Promise<Result>;

	loadOutputs(): Promise<Result>;
	setOutput(id: string): Promise<Result>;
}
