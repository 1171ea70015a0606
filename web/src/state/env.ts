/* What the models need from the world. state/browser.ts gives them a browser; tests give them a play. */
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/id.ts";
import type { LiveSource, LiveState } from "../media/liveSource.ts";
import type { Devices, MediaLike, Sounds } from "../media/ports.ts";
import type { Recording } from "../media/recording.ts";
import type { RoomPorts } from "../media/roomPorts.ts";
import type { Storage } from "../media/storage.ts";
import type { TalkPorts } from "../media/talkPorts.ts";
import type { Http } from "../wire/http.ts";
import type { SocketLike } from "../wire/socket.ts";
import type { DeviceKeys } from "./deviceKeys.ts";
import type { OpenRecording } from "./openRecording.ts";
import type { Prepared } from "./prepared.ts";
import type { RoomTalk } from "./roomTalk.ts";
import type { Talk } from "./talk.ts";
import type { Words } from "./types/app.ts";
import type { InputView, NotifyState } from "./types/settings.ts";
import type { Voice } from "./voice.ts";

/* Small things kept on this device at once: settings, texts being written. */
export interface Keep {
	get(name: string): string | null;
	set(name: string, value: string | null): void;
}

export interface NotifyPort {
	readonly state: NotifyState;
	ask(): Promise<NotifyState>;
	/* One notification a tag: a later one takes the place of the earlier. */
	show(note: { tag: string; title: string; conv: number; ringing: boolean }): void;
	close(tag: string): void;
}

export interface PagePort {
	visible(): boolean;
	onVisible(fn: () => void): () => void;
	online(): boolean;
	onOnline(fn: () => void): () => void;
	/* The page is being left. */
	onLeave(fn: () => void): () => void;
	/* A notification asked for a chat. */
	onOpen(fn: (conv: number) => void): () => void;
	/* The token after #i= or #l=, taken out of the address. */
	takeToken(): { readonly type: "invite" | "link"; readonly token: string } | null;
	origin(): string;
	deviceName(): string;
	reload(): void;
	vibrate(pattern: readonly number[]): void;
	saveFile(name: string, mime: string, bytes: readonly Uint8Array<ArrayBuffer>[]): void;
	/* A URL for bytes, until released. */
	fileUrl(mime: string, bytes: readonly Uint8Array<ArrayBuffer>[]): { readonly url: string; release(): void };
}

/* Loaded when somebody is about to record. */
export interface RecordingKit {
	readonly devices: Devices;
	readonly Recording: typeof Recording;
	readonly OpenRecording: typeof OpenRecording;
}

/* Loaded before a room is joined. */
export interface RoomKit {
	readonly ports: RoomPorts;
	readonly RoomTalk: typeof RoomTalk;
}

/* Loaded before somebody is called. */
export interface TalkKit {
	readonly ports: TalkPorts;
	readonly Talk: typeof Talk;
	readonly DeviceKeys: typeof DeviceKeys;
	readonly Prepared: typeof Prepared;
}

export interface PlayingPort {
	audio(): MediaLike;
	video(): MediaLike & HTMLVideoElement;
	canPlayLive(mime: string): boolean;
	/* Call inside a click. */
	live(element: MediaLike, mime: string, onState: (state: LiveState) => void): Promise<LiveSource>;
	session: MediaSessionPort;
}

export interface MediaSessionPort {
	set(
		title: string | null,
		handlers: { play(): void; pause(): void; seekBy(ms: number): void; next(): void } | null,
	): void;
	position(durationMs: number, positionMs: number, speed: number, playing: boolean): void;
}

export interface Env {
	readonly clock: Clock;
	readonly http: Http;
	readonly storage: Storage;
	readonly keep: Keep;
	readonly notify: NotifyPort;
	readonly page: PagePort;
	readonly sounds: Sounds;
	readonly playing: PlayingPort;
	readonly words: Words;
	readonly canRecord: { readonly voice: boolean; readonly video: boolean };
	random(): number;
	readonly bytes: Random;
	openSocket(): SocketLike;
	/* Storage of this account from now on. */
	useAccount(user: number): void;
	/* Square, small enough for a group's picture; null: it is none. */
	shrinkPicture(file: Blob): Promise<Uint8Array<ArrayBuffer> | null>;
	voice(): Promise<typeof Voice>;
	kit(): Promise<RecordingKit>;
	talk(): Promise<TalkKit>;
	room(): Promise<RoomKit>;
	inputs(): Promise<{ readonly microphones: readonly InputView[]; readonly cameras: readonly InputView[] }>;
}
