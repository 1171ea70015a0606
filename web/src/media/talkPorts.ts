/* A call's media as the models need them: one connection to the other, and what goes into it. browserTalk.ts implements these on a
 * browser; tests play them in virtual time. */
import type { Result } from "../wire/errors.ts";
import type { Place } from "./sdp.ts";

/* The three lines of every description, in this order, agreed once: whatever is switched later needs no new agreement. */
export type Slot = "audio" | "camera" | "screen";
export const SLOTS: readonly Slot[] = ["audio", "camera", "screen"];

export type LinkState = "connecting" | "connected" | "disconnected" | "failed";

export interface LinkStats {
	/* Of what should have come in the last second, 0 to 1. */
	readonly lost: number;
	readonly rttMs: number | null;
}

export interface Peer {
	onState: ((state: LinkState) => void) | null;
	/* What offer(false) will be. Nothing is opened for it and nothing sent. */
	draft(): Promise<string>;
	/* A description of ours to hand over. Restart: with new ICE credentials. */
	offer(restart: boolean): Promise<string>;
	/* Takes their offer, gives our answer. Again with another place: an ICE restart that the other side need not hear of. */
	answer(offer: string, place: Place): Promise<string>;
	/* What answers our offer. */
	accept(answer: string, place: Place): Promise<void>;
	/* null = nothing any more. Without a new agreement. */
	send(slot: Slot, track: MediaStreamTrack | null): void;
	stats(): Promise<LinkStats | null>;
	/* How long no voice has come that came before; 0 where none is to be expected. Asked several times a second. */
	silentMs(): number;
	close(): void;
}

/* Where the other's voice and pictures arrive: the same for every connection of one call. */
export interface Sink {
	onChange: (() => void) | null;
	/* A connection has this for that line; level says how loud it is. */
	put(slot: Slot, track: MediaStreamTrack, level: () => number): void;
	readonly picture: MediaStream | null;
	readonly screen: MediaStream | null;
	/* How loud they are now, 0 to 1. */
	level(): number;
	setOutput(deviceId: string): Promise<boolean>;
	close(): void;
}

export interface Outputs {
	readonly can: boolean;
	list(): Promise<readonly { readonly id: string; readonly label: string }[]>;
}

export interface Capture {
	readonly stream: MediaStream;
	readonly track: MediaStreamTrack;
	onEnded: (() => void) | null;
	close(): void;
}

export type Facing = "user" | "environment";

export interface TalkDevices {
	readonly can: { readonly screen: boolean; readonly flip: boolean };
	microphone(deviceId: string): Promise<Result<{ capture: Capture }>>;
	camera(deviceId: string, facing: Facing | null): Promise<Result<{ capture: Capture }>>;
	/* Call inside a click. */
	screen(): Promise<Result<{ capture: Capture }>>;
	/* Loudness of a capture now, 0 to 1; null where it cannot be measured. */
	meter(capture: Capture): { level(): number | null; close(): void };
	readonly outputs: Outputs;
	/* Whether opening the microphone would ask the person nothing. */
	allowed(): Promise<boolean>;
	/* The screen stays lit until the returned function is called. */
	keepAwake(): () => void;
}

export interface TalkPorts {
	readonly devices: TalkDevices;
	sink(): Sink;
	peer(offerer: boolean, sink: Sink): Peer;
}
