/* For tests: a room's media without a browser. Connections that obey, with lines that are names. */
import type { RoomPeer, RoomPorts, RoomSink } from "../media/roomPorts.ts";
import type { LinkState, LinkStats, Slot, TalkDevices } from "../media/talkPorts.ts";
import type { RoomMedia, RoomParams } from "../wire/rooms.ts";
import type { RoomKit } from "./env.ts";
import { RoomTalk } from "./roomTalk.ts";

export class FakeRoomPeer implements RoomPeer {
	onState: ((state: LinkState) => void) | null = null;
	readonly name: string;
	readonly pictures: boolean;
	readonly sent = new Map<Slot, MediaStreamTrack | null>();
	/* Who is in what comes by a line. */
	readonly sources = new Map<string, number>();
	media: RoomMedia | null = null;
	wanted: { rids: readonly string[]; screen: boolean } | null = null;
	closed = false;
	fails = false;

	constructor(name: string, pictures: boolean) {
		this.name = name;
		this.pictures = pictures;
	}

	async offer(): Promise<RoomParams> {
		if (this.fails) throw new Error("not in this play");
		return { fingerprint: this.name } as RoomParams;
	}

	/* Accepting takes as long as this. */
	slow: Promise<void> = Promise.resolve();

	async accept(media: RoomMedia): Promise<void> {
		await this.slow;
		this.media = media;
	}

	send(slot: Slot, track: MediaStreamTrack | null): void {
		this.sent.set(slot, track);
	}

	want(rids: readonly string[], screen: boolean): void {
		this.wanted = { rids, screen };
	}

	voices(): readonly MediaStream[] {
		return [{ id: `${this.name} voices` } as MediaStream];
	}

	stream(mid: string): MediaStream | null {
		return this.media === null ? null : ({ id: `${this.name} ${mid}` } as MediaStream);
	}

	source(mid: string): number | null {
		return this.sources.get(mid) ?? null;
	}

	async stats(): Promise<LinkStats | null> {
		return { lost: 0, rttMs: 20 };
	}

	close(): void {
		this.closed = true;
		this.onState = null;
	}

	become(state: LinkState): void {
		this.onState?.(state);
	}
}

export class FakeRoomSink implements RoomSink {
	readonly playing = new Set<string>();
	quiet = false;
	closed = false;

	play(streams: readonly MediaStream[]): () => void {
		for (const { id } of streams) this.playing.add(id);
		return () => {
			for (const { id } of streams) this.playing.delete(id);
		};
	}

	setQuiet(on: boolean): void {
		this.quiet = on;
	}

	async setOutput(): Promise<boolean> {
		return true;
	}

	close(): void {
		this.closed = true;
	}
}

export class FakeRooms implements RoomPorts {
	readonly devices: TalkDevices;
	readonly peers: FakeRoomPeer[] = [];
	readonly sinks: FakeRoomSink[] = [];
	/* Of the connections to come. */
	slow: Promise<void> = Promise.resolve();

	constructor(devices: TalkDevices) {
		this.devices = devices;
	}

	get last(): FakeRoomPeer | undefined {
		return this.peers.at(-1);
	}

	kit(): RoomKit {
		return { ports: this, RoomTalk };
	}

	peer(pictures: boolean): RoomPeer {
		const peer = new FakeRoomPeer(`peer ${this.peers.length + 1}`, pictures);
		peer.slow = this.slow;
		this.peers.push(peer);
		return peer;
	}

	sink(): RoomSink {
		const sink = new FakeRoomSink();
		this.sinks.push(sink);
		return sink;
	}
}
