/* One RTCPeerConnection to the server's SFU. Its lines are fixed once: whoever comes, goes, speaks or shows something is in one of them,
 * as the server says; nothing is ever agreed anew. */
import { Scope } from "../lib/scope.ts";
import type { RoomMedia, RoomParams } from "../wire/rooms.ts";
import { type Counts, count, lossBetween } from "./linkStats.ts";
import { Patience } from "./patience.ts";
import { stateOf } from "./peer.ts";
import type { RoomPeer } from "./roomPorts.ts";
import { answerOf, CALL_SHAPE, CHAT_SHAPE, paramsOf, type RoomShape } from "./roomSdp.ts";
import { type LinkState, type LinkStats, SLOTS, type Slot } from "./talkPorts.ts";

const CAMERA: readonly RTCRtpEncodingParameters[] = [
	{ rid: "l", scaleResolutionDownBy: 4, maxBitrate: 150_000 },
	{ rid: "m", scaleResolutionDownBy: 2, maxBitrate: 500_000 },
	{ rid: "h", scaleResolutionDownBy: 1, maxBitrate: 1_500_000 },
];
const SCREEN: readonly RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000, maxFramerate: 15 }];

/* VP8's temporal layers: whoever has a narrow line is sent half or a quarter of the pictures, of each size. Firefox does not know the word and
 * leaves it unread; a browser that knows it but not this mode refuses, and sends all or nothing. */
const IN_TIERS = { scalabilityMode: "L1T3" };

export class SfuPeer implements RoomPeer {
	onState: ((state: LinkState) => void) | null = null;
	readonly #pc: RTCPeerConnection;
	readonly #shape: RoomShape;
	readonly #scope = new Scope();
	readonly #tracks = new Map<Slot, MediaStreamTrack | null>();
	readonly #streams = new Map<string, { stream: MediaStream; receiver: RTCRtpReceiver }>();
	#state: LinkState = "connecting";
	#before: Counts | null = null;
	readonly #patience = new Patience();
	#wanted: { rids: readonly string[]; screen: boolean } | null = null;
	/* Parameters of a sender are changed one after another: the browser refuses what was read before the last change. */
	#jobs: Promise<unknown> = Promise.resolve();

	constructor(pictures: boolean) {
		this.#shape = pictures ? CALL_SHAPE : CHAT_SHAPE;
		this.#pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
		this.#scope.add(() => this.#pc.close());
		this.#lines();
		const changed = () => this.#changed();
		for (const name of ["connectionstatechange", "iceconnectionstatechange"]) {
			this.#pc.addEventListener(name, changed);
			this.#scope.add(() => this.#pc.removeEventListener(name, changed));
		}
	}

	async offer(): Promise<RoomParams> {
		const offer = await this.#pc.createOffer();
		const params = paramsOf(offer.sdp ?? "", this.#shape);
		await this.#pc.setLocalDescription(offer);
		return params;
	}

	async accept(media: RoomMedia): Promise<void> {
		const offer = this.#pc.localDescription?.sdp ?? "";
		await this.#pc.setRemoteDescription({ type: "answer", sdp: answerOf(offer, this.#shape, media) });
		for (const { mid, receiver, direction } of this.#pc.getTransceivers())
			if (mid !== null && direction === "recvonly")
				this.#streams.set(mid, { stream: new MediaStream([receiver.track]), receiver });
		for (const slot of SLOTS) this.#attach(slot);
		this.#apply();
	}

	send(slot: Slot, track: MediaStreamTrack | null): void {
		this.#tracks.set(slot, track);
		this.#attach(slot);
	}

	want(rids: readonly string[], screen: boolean): void {
		this.#wanted = { rids, screen };
		this.#apply();
	}

	voices(): readonly MediaStream[] {
		const all = [...this.#streams.values()];
		return all.filter(({ receiver }) => receiver.track.kind === "audio").map(({ stream }) => stream);
	}

	stream(mid: string): MediaStream | null {
		return this.#streams.get(mid)?.stream ?? null;
	}

	source(mid: string): number | null {
		const sources = this.#streams.get(mid)?.receiver.getContributingSources() ?? [];
		const newest = sources.reduce<RTCRtpContributingSource | null>(
			(best, one) => (best === null || one.timestamp > best.timestamp ? one : best),
			null,
		);
		return newest?.source ?? null;
	}

	async stats(): Promise<LinkStats | null> {
		if (this.#scope.ended || this.#state !== "connected") return null;
		const now = count(await this.#pc.getStats());
		const before = this.#before ?? now;
		this.#before = now;
		this.#wait(
			Math.max(0, now.voiceLost - before.voiceLost) + Math.max(0, now.asked - before.asked),
			now.rttMs ?? 0,
		);
		return { lost: lossBetween(before, now), rttMs: now.rttMs };
	}

	close(): void {
		this.onState = null;
		this.#scope.end();
	}

	#lines(): void {
		const add = (kind: "audio" | "video", direction: RTCRtpTransceiverDirection, count = 1) => {
			for (let i = 0; i < count; i++) this.#pc.addTransceiver(kind, { direction });
		};
		const shape = this.#shape;
		add("audio", "sendonly");
		if (shape.pictures) {
			this.#pictureLine(CAMERA);
			this.#pictureLine(SCREEN);
		}
		add("audio", "recvonly", shape.audio);
		add("video", "recvonly", shape.video + shape.screen);
	}

	#pictureLine(encodings: readonly RTCRtpEncodingParameters[]): void {
		const add = (sendEncodings: RTCRtpEncodingParameters[]) =>
			this.#pc.addTransceiver("video", { direction: "sendonly", sendEncodings });
		try {
			add(encodings.map(encoding => ({ ...encoding, ...IN_TIERS })));
		} catch {
			add([...encodings]);
		}
	}

	#sender(slot: Slot): RTCRtpSender | undefined {
		if (slot !== "audio" && !this.#shape.pictures) return undefined;
		return this.#pc.getTransceivers()[SLOTS.indexOf(slot)]?.sender;
	}

	#attach(slot: Slot): void {
		const sender = this.#sender(slot);
		const track = this.#tracks.get(slot) ?? null;
		if (sender === undefined || sender.track === track) return;
		/* Refused only once the connection is closed. */
		sender.replaceTrack(track).catch(() => {});
	}

	/* Pictures wait as long as voices, or lips would run ahead. */
	#wait(missed: number, rttMs: number): void {
		const targetMs = this.#patience.update(missed, rttMs, performance.now());
		/* Not in every browser. */
		for (const { receiver } of this.#streams.values())
			if ("jitterBufferTarget" in receiver && receiver.jitterBufferTarget !== targetMs)
				receiver.jitterBufferTarget = targetMs;
	}

	#apply(): void {
		const wanted = this.#wanted;
		if (wanted === null) return;
		const job = async () => {
			await this.#activate("camera", encoding => wanted.rids.includes(encoding.rid ?? "h"));
			await this.#activate("screen", () => wanted.screen);
		};
		/* Refused only once the connection is closed, or before it is agreed; then accept() says it again. */
		this.#jobs = this.#jobs.then(job).catch(() => {});
	}

	async #activate(slot: Slot, wants: (encoding: RTCRtpEncodingParameters) => boolean): Promise<void> {
		const sender = this.#sender(slot);
		if (sender === undefined || this.#scope.ended) return;
		const parameters = sender.getParameters();
		const changes = parameters.encodings.filter(encoding => encoding.active !== wants(encoding));
		if (changes.length === 0) return;
		for (const encoding of changes) encoding.active = wants(encoding);
		await sender.setParameters(parameters);
	}

	#changed(): void {
		const state = stateOf(this.#pc);
		if (state === this.#state) return;
		this.#state = state;
		this.onState?.(state);
	}
}
