/* What the screen of a call sees. `TalkModel` is `app.talk`; its view is null while this device is in no call. */
import type { ReadonlySignal } from "@preact/signals";
import type { Result } from "../../wire/errors.ts";
import type { Kind, PersonView } from "./base.ts";
import type { InputView } from "./settings.ts";

/* connecting: never connected so far. reconnecting: it was, and is being mended. */
export type TalkLink = "connecting" | "connected" | "reconnecting";

export type Quality = "good" | "fair" | "poor";

/* Whether what connects us is signed by the device it should be. new: the first time we see that device. changed: it has another key
 * than before. unverified: nobody signed, or the signature is wrong. */
export type Trust = "checking" | "verified" | "new" | "changed" | "unverified";

export interface TalkSide {
	readonly muted: boolean;
	readonly camera: boolean;
	readonly screen: boolean;
}

/* Turning a voice call into a video call. asked: I have asked them. asks: they ask me. refused: they would rather not (for a moment). */
export type TalkAsk = "none" | "asked" | "asks" | "refused";

export type TalkTrouble = "denied" | "no_device" | "in_use";

export interface TalkView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly answeredTs: number;
	/* voice until both want pictures. */
	readonly kind: Kind;
	readonly link: TalkLink;
	/* null while unknown. */
	readonly quality: Quality | null;
	readonly mine: TalkSide;
	readonly theirs: TalkSide;
	readonly ask: TalkAsk;
	readonly trust: Trust;
	/* Thirty digits, in groups of five, the same for both; null until connected. */
	readonly safetyCode: string | null;
	/* Why I am not heard or seen, though I should be. */
	readonly microphone: TalkTrouble | null;
	readonly camera: TalkTrouble | null;
	/* I record a note, so they do not hear me until it is over. */
	readonly recording: boolean;
}

/* A call of mine that goes on at another device of mine. */
export interface ElsewhereView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly kind: Kind;
	readonly answeredTs: number;
}

export interface TalkModel {
	readonly view: ReadonlySignal<TalkView | null>;
	readonly elsewhere: ReadonlySignal<readonly ElsewhereView[]>;
	/* Change many times a second, 0 to 1; read them where they are drawn. */
	readonly level: ReadonlySignal<number>;
	readonly theirLevel: ReadonlySignal<number>;
	/* null = not shown. Put them into <video muted playsinline autoplay>. */
	readonly ownPicture: ReadonlySignal<MediaStream | null>;
	readonly theirPicture: ReadonlySignal<MediaStream | null>;
	readonly ownScreen: ReadonlySignal<MediaStream | null>;
	readonly theirScreen: ReadonlySignal<MediaStream | null>;
	/* The own picture is a mirror, unless the camera looks away. */
	readonly mirrored: ReadonlySignal<boolean>;
	readonly outputs: ReadonlySignal<{ readonly list: readonly InputView[]; readonly chosen: string }>;
	/* What this device can do. */
	readonly can: ReadonlySignal<{
		readonly screen: boolean;
		readonly flip: boolean;
		readonly output: boolean;
	}>;

	setMuted(on: boolean): void;
	/* Space: heard while it is held, though muted. */
	talkThrough(on: boolean): void;
	/* In a voice call: asks them first. */
	setCamera(on: boolean): Promise<Result>;
	flipCamera(): Promise<Result>;
	/* Call inside a click. */
	setScreen(on: boolean): Promise<Result>;
	/* Their wish for pictures: yes with my camera, yes without it, no. */
	reply(how: "camera" | "watch" | "no"): Promise<Result>;
	loadOutputs(): Promise<Result>;
	setOutput(id: string): Promise<Result>;
	/* "We read the same digits": what has changed is trusted from now on. */
	confirmKey(): void;
	moveHere(call: string): Promise<Result>;
	leave(): Promise<Result>;
}
