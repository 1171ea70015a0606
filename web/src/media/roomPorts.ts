/* A room's media as the models need it: one connection to the server, and what comes out of it. */
import type { RoomMedia, RoomParams } from "../wire/rooms.ts";
import type { LinkState, LinkStats, Slot, TalkDevices } from "./talkPorts.ts";

export interface RoomPeer {
	onState: ((state: LinkState) => void) | null;
	/* What room.join needs. Rejects when this browser cannot take part. */
	offer(): Promise<RoomParams>;
	accept(media: RoomMedia): Promise<void>;
	/* null = nothing any more. Without a new agreement. */
	send(slot: Slot, track: MediaStreamTrack | null): void;
	/* Which sizes of my camera anybody wants, and whether my screen. */
	want(rids: readonly string[], screen: boolean): void;
	/* Their voices, all of them. */
	voices(): readonly MediaStream[];
	/* What comes by that line; null before accept. */
	stream(mid: string): MediaStream | null;
	/* Who is in what came last by that line: the number that the server gave them. null where it is not known. */
	source(mid: string): number | null;
	stats(): Promise<LinkStats | null>;
	close(): void;
}

/* Where their voices are heard. */
export interface RoomSink {
	/* The lines of a connection's voices, until the returned function is called. */
	play(streams: readonly MediaStream[]): () => void;
	/* Nothing is heard, while the same voices come by another way. */
	setQuiet(on: boolean): void;
	setOutput(deviceId: string): Promise<boolean>;
	close(): void;
}

export interface RoomPorts {
	readonly devices: TalkDevices;
	peer(pictures: boolean): RoomPeer;
	sink(): RoomSink;
}
