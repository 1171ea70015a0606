/* This device's connection to a room. When it fails, or the server asks for it, a new one is made while the old one stays; the old one
 * ends when the new one flows. */
import { signal } from "@preact/signals";
import { sleep } from "../lib/clock.ts";
import type { Scope } from "../lib/scope.ts";
import type { RoomPeer, RoomPorts } from "../media/roomPorts.ts";
import type { LinkState, Slot } from "../media/talkPorts.ts";
import { BAD } from "../wire/decode.ts";
import type { ErrorCode } from "../wire/errors.ts";
import { type Room, type RoomMedia, roomMedia, room as roomOf } from "../wire/rooms.ts";
import type { Core } from "./core.ts";
import type { TalkLink, TalkSide } from "./types/talk.ts";

const SILENT_MS = 2_000;
const ATTEMPT_MS = 8_000;
const RETRY_MS = 500;
const CHECK_MS = 1_000;
const ASK_MS = 10_000;

/* It will not work the next time either. */
const FINAL: ReadonlySet<ErrorCode> = new Set([
	"gone",
	"not_found",
	"conflict",
	"full",
	"bad_request",
	"unsupported",
]);

export interface RoomLinkParts {
	readonly core: Core;
	readonly ports: RoomPorts;
	readonly scope: Scope;
	readonly pictures: boolean;
	/* The server has us in it already, by an earlier page of this device. */
	readonly again: boolean;
	mine(): TalkSide;
	/* The server has taken this connection: what it says from now on is of it. */
	taken(room: Room, peer: RoomPeer): void;
	/* It is agreed: its lines are there. */
	joined(peer: RoomPeer): void;
	refused(code: ErrorCode): void;
}

export class RoomLink {
	readonly state = signal<TalkLink>("connecting");
	readonly #room: string;
	readonly #parts: RoomLinkParts;
	readonly #tracks = new Map<Slot, MediaStreamTrack | null>();
	#wanted: { rids: readonly string[]; screen: boolean } | null = null;
	/* What flows, or flowed last; and what is to take its place. */
	#peer: RoomPeer | null = null;
	#fresh: RoomPeer | null = null;
	#again: boolean;
	#turn = 0;
	#asking = false;
	#attemptTs = 0;
	#offSilent: () => void = () => {};

	constructor(room: string, parts: RoomLinkParts) {
		this.#room = room;
		this.#parts = parts;
		this.#again = parts.again;
		const { core, scope } = parts;
		scope.add(() => {
			this.#turn++;
			this.#offSilent();
			this.#peer?.close();
			this.#fresh?.close();
		});
		scope.add(core.env.clock.every(CHECK_MS, () => this.#check()));
	}

	get peer(): RoomPeer | null {
		return this.#peer;
	}

	start(): void {
		void this.#connect();
	}

	send(slot: Slot, track: MediaStreamTrack | null): void {
		this.#tracks.set(slot, track);
		this.#peer?.send(slot, track);
		this.#fresh?.send(slot, track);
	}

	want(rids: readonly string[], screen: boolean): void {
		this.#wanted = { rids, screen };
		this.#peer?.want(rids, screen);
		this.#fresh?.want(rids, screen);
	}

	/* The server has lost ours, or is about to. */
	renew(): void {
		if (this.state.value === "connected") this.state.value = "reconnecting";
		void this.#connect();
	}

	async #connect(): Promise<void> {
		const turn = ++this.#turn;
		const { core, ports, scope } = this.#parts;
		this.#offSilent();
		this.#attemptTs = core.env.clock.now();
		this.#fresh?.close();
		this.#fresh = null;
		const current = () => turn === this.#turn && !scope.ended;
		for (let first = true; current(); first = false) {
			if (!first) await sleep(core.env.clock, RETRY_MS);
			if (!current()) return;
			const peer = ports.peer(this.#parts.pictures);
			this.#fresh = peer;
			try {
				if (await this.#agree(peer, current)) return;
			} catch {
				/* A description that this browser refuses, a connection that closed meanwhile. */
			}
			peer.close();
			if (current()) this.#fresh = null;
		}
	}

	/* false: to be tried again. */
	async #agree(peer: RoomPeer, current: () => boolean): Promise<boolean> {
		const { core } = this.#parts;
		for (const [slot, track] of this.#tracks) peer.send(slot, track);
		const params = await peer.offer();
		if (!current()) return true;
		this.#asking = true;
		const { muted, camera } = this.#parts.mine();
		const args = { room: this.#room, muted, camera, params, again: this.#again };
		const answer = await core.ask("room.join", args, { again: true, timeoutMs: ASK_MS });
		this.#asking = false;
		if (!current()) {
			peer.close();
			return true;
		}
		if (!answer.ok) {
			if (FINAL.has(answer.code)) {
				this.#parts.refused(answer.code);
				return true;
			}
			await sleep(core.env.clock, answer.retryMs ?? 0);
			return false;
		}
		const room = roomOf(answer.body.room);
		const media = roomMedia(answer.body.media);
		if (room === BAD || media === BAD) return false;
		await this.#accept(peer, room, media);
		return true;
	}

	async #accept(peer: RoomPeer, room: Room, media: RoomMedia): Promise<void> {
		this.#again = true;
		peer.onState = state => this.#changed(peer, state);
		this.#parts.taken(room, peer);
		await peer.accept(media);
		this.#attemptTs = this.#parts.core.env.clock.now();
		if (this.#wanted !== null) peer.want(this.#wanted.rids, this.#wanted.screen);
		this.#parts.joined(peer);
	}

	#changed(peer: RoomPeer, state: LinkState): void {
		if (peer === this.#fresh) {
			if (state === "connected") this.#flows(peer);
			else if (state === "failed") void this.#connect();
		} else if (peer === this.#peer) {
			this.#offSilent();
			if (state === "connected" && this.#fresh === null) this.state.value = "connected";
			else if (state === "failed") this.#lost();
			else if (state === "disconnected")
				this.#offSilent = this.#parts.core.env.clock.after(SILENT_MS, () => this.#lost());
		}
	}

	#flows(peer: RoomPeer): void {
		this.#peer?.close();
		this.#peer = peer;
		this.#fresh = null;
		this.state.value = "connected";
	}

	#lost(): void {
		if (this.#fresh === null) this.renew();
	}

	/* What took too long is begun anew. */
	#check(): void {
		const waits = this.#fresh !== null && !this.#asking;
		if (waits && this.#parts.core.env.clock.now() - this.#attemptTs >= ATTEMPT_MS) void this.#connect();
	}
}
