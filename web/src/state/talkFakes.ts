/* For tests: a call's media without a browser. Connections that obey, devices that open at once, keys that are names. */

import type { Place } from "../media/sdp.ts";
import type {
	Capture,
	Facing,
	LinkState,
	LinkStats,
	Peer,
	Sink,
	Slot,
	TalkDevices,
	TalkPorts,
} from "../media/talkPorts.ts";
import { failure, type Result } from "../wire/errors.ts";
import { DeviceKeys, type Signed } from "./deviceKeys.ts";
import type { TalkKit } from "./env.ts";
import { Prepared } from "./prepared.ts";
import { Talk } from "./talk.ts";
import type { Trust } from "./types/talk.ts";

type Opened = Result<{ capture: Capture }>;

/* Of a browser that is like ours. */
export function fakeOffer(name: string): string {
	return fakeSdp(name, name).replace("m=audio 9 x 111\r\n", CODECS);
}

export function fakeSdp(session: string, fingerprint: string): string {
	return `v=0\r\no=- ${session} 2 IN IP4 127.0.0.1\r\nm=audio 9 x 111\r\na=fingerprint:sha-256 ${fingerprint}\r\n`;
}

/* Stands for whatever two browsers of one kind have in common. */
const CODECS = "m=audio 9 x 111\r\na=setup:actpass\r\na=rtpmap:111 opus/48000/2\r\n";

export class FakePeer implements Peer {
	onState: ((state: LinkState) => void) | null = null;
	readonly offerer: boolean;
	readonly name: string;
	readonly done: string[] = [];
	readonly sent = new Map<Slot, MediaStreamTrack | null>();
	places: Place[] = [];
	accepted = "";
	silent = 0;
	closed = false;
	fails = false;
	next: LinkStats | null = { lost: 0, rttMs: 20 };

	constructor(offerer: boolean, name: string) {
		this.offerer = offerer;
		this.name = name;
	}

	async draft(): Promise<string> {
		this.#do("draft");
		return fakeOffer(this.name);
	}

	async offer(restart: boolean): Promise<string> {
		this.#do(restart ? "offer restart" : "offer");
		return fakeSdp(this.name, this.name);
	}

	async answer(_offer: string, place: Place): Promise<string> {
		this.#do("answer");
		this.places.push(place);
		return fakeSdp(this.name, this.name);
	}

	async accept(answer: string, place: Place): Promise<void> {
		this.#do("accept");
		this.accepted = answer;
		this.places.push(place);
	}

	send(slot: Slot, track: MediaStreamTrack | null): void {
		this.sent.set(slot, track);
	}

	async stats(): Promise<LinkStats | null> {
		return this.next;
	}

	silentMs(): number {
		return this.silent;
	}

	close(): void {
		this.closed = true;
		this.onState = null;
	}

	become(state: LinkState): void {
		this.onState?.(state);
	}

	#do(what: string): void {
		if (this.fails) throw new Error("not in this play");
		this.done.push(what);
	}
}

export class FakeSink implements Sink {
	onChange: (() => void) | null = null;
	picture: MediaStream | null = null;
	screen: MediaStream | null = null;
	closed = false;

	put(): void {}

	level(): number {
		return 0.3;
	}

	async setOutput(): Promise<boolean> {
		return true;
	}

	close(): void {
		this.closed = true;
	}
}

export class FakeCapture implements Capture {
	onEnded: (() => void) | null = null;
	readonly track: MediaStreamTrack;
	readonly stream: MediaStream;
	readonly name: string;
	open = true;

	constructor(name: string) {
		this.name = name;
		this.track = { enabled: true, kind: name } as MediaStreamTrack;
		this.stream = { id: name } as MediaStream;
	}

	close(): void {
		this.open = false;
	}
}

export class FakeTalk implements TalkPorts, TalkDevices {
	readonly can = { screen: true, flip: true };
	readonly outputs = { can: true, list: async () => [{ id: "s1", label: "Speaker" }] };
	readonly devices: TalkDevices = this;
	readonly peers: FakePeer[] = [];
	readonly sinks: FakeSink[] = [];
	readonly captures: FakeCapture[] = [];
	refuse: "denied" | "no_device" | "in_use" | null = null;
	granted = true;
	awake = 0;

	get last(): FakePeer | undefined {
		return this.peers.at(-1);
	}

	/* Names of what is open: none must be left behind. */
	get open(): readonly string[] {
		return this.captures.filter(one => one.open).map(one => one.name);
	}

	kit(): TalkKit {
		return { ports: this, Talk, DeviceKeys: FakeKeys, Prepared };
	}

	sink(): Sink {
		const sink = new FakeSink();
		this.sinks.push(sink);
		return sink;
	}

	peer(offerer: boolean): Peer {
		const peer = new FakePeer(offerer, `mine-${this.peers.length + 1}`);
		this.peers.push(peer);
		return peer;
	}

	microphone(): Promise<Opened> {
		return this.#open("microphone");
	}

	camera(_id: string, facing: Facing | null): Promise<Opened> {
		return this.#open(facing === null ? "camera" : `camera ${facing}`);
	}

	screen(): Promise<Opened> {
		return this.#open("screen");
	}

	meter(): { level(): number; close(): void } {
		return { level: () => 0.4, close: () => {} };
	}

	async allowed(): Promise<boolean> {
		return this.granted;
	}

	keepAwake(): () => void {
		this.awake++;
		return () => this.awake--;
	}

	async #open(name: string): Promise<Opened> {
		if (this.refuse !== null) return failure(this.refuse);
		const capture = new FakeCapture(name);
		this.captures.push(capture);
		return { ok: true, capture };
	}
}

/* A signature is the key and what it signs. */
export class FakeKeys extends DeviceKeys {
	override async ready(): Promise<null> {
		return null;
	}

	override async sign(text: string): Promise<string> {
		return `signed ${text.length}`;
	}

	override async judge(of: Signed): Promise<Trust> {
		return of.key !== null && of.sig === `${of.key} ${of.text.length}` ? "verified" : "unverified";
	}

	override async safetyCode(a: readonly string[], b: readonly string[]): Promise<string> {
		return [...a, ...b].sort().join(" ");
	}
}
