/* The devices as recording and playing need them. browser*.ts implement them; tests play them in virtual time. */
import type { Result } from "../wire/errors.ts";
import type { Kind } from "../wire/types.ts";

/* An open microphone (and camera). Its tracks stop when it is closed. */
export interface Input {
	readonly kind: Kind;
	readonly stream: MediaStream | null;
	/* What is heard now, 0 to 1; null when it cannot be measured here. */
	level(): number | null;
	/* Microphone or camera were unplugged, or the system took them. */
	onLost: ((what: "microphone" | "camera" | "interrupted") => void) | null;
	/* Another microphone into the same recording; false = this recording has to go on in a new segment. */
	replaceMicrophone(deviceId: string): Promise<Result<{ sameRecording: boolean }>>;
	close(): void;
}

export interface InputWanted {
	readonly kind: Kind;
	/* "" = the default. */
	readonly microphone: string;
	readonly camera: string;
}

export interface Encoder {
	/* Known for sure once it has started. */
	readonly mime: string;
	pause(): void;
	resume(): void;
	/* Hands over what is held back. */
	flush(): void;
	/* Resolves after the last chunk was handed over. */
	stop(): Promise<void>;
}

export interface EncoderEvents {
	started(): void;
	chunk(bytes: Uint8Array<ArrayBuffer>): void;
	failed(): void;
}

export interface Devices {
	readonly can: { readonly voice: boolean; readonly video: boolean };
	open(wanted: InputWanted): Promise<Result<{ input: Input }>>;
	/* Whether opening would ask the person nothing. */
	allowed(kind: Kind): Promise<boolean>;
	/* null = this browser cannot record that. */
	encode(input: Input, events: EncoderEvents): Encoder | null;
}

/* The part of HTMLMediaElement that is used. */
export interface MediaLike {
	src: string;
	currentTime: number;
	readonly duration: number;
	readonly paused: boolean;
	readonly ended: boolean;
	playbackRate: number;
	preservesPitch: boolean;
	preload: string;
	play(): Promise<void>;
	pause(): void;
	load(): void;
	removeAttribute(name: string): void;
	addEventListener(name: string, listener: () => void): void;
	removeEventListener(name: string, listener: () => void): void;
}

export type SoundName = "ring" | "ringback" | "tone" | "sent" | "joined" | "left" | "hand";

export interface Sounds {
	enabled: boolean;
	play(name: "tone" | "sent" | "joined" | "left" | "hand"): void;
	/* Sounds until the returned function is called. */
	loop(name: "ring" | "ringback"): () => void;
}
