/* One RTCPeerConnection to the other device, through the relay. Three lines are agreed at once (voice, camera, screen), both ways;
 * what is switched later goes by replaceTrack and needs no new agreement. */
import { Scope } from "../lib/scope.ts";
import { type Counts, count, lossBetween } from "./linkStats.ts";
import { Patience } from "./patience.ts";
import { atPlace, type Place } from "./sdp.ts";
import type { LinkState, LinkStats, Peer, Sink, Slot } from "./talkPorts.ts";
import { SLOTS } from "./talkPorts.ts";

/* The relay lets 8 Mbit/s through each way; both pictures at once stay well below. */
const MAX_BITS: Readonly<Record<Slot, number>> = { audio: 64_000, camera: 1_800_000, screen: 2_500_000 };

export class BrowserPeer implements Peer {
	onState: ((state: LinkState) => void) | null = null;
	readonly #pc: RTCPeerConnection;
	readonly #sink: Sink;
	readonly #scope = new Scope();
	readonly #tracks = new Map<Slot, MediaStreamTrack | null>();
	#state: LinkState = "connecting";
	readonly #patience = new Patience();
	#before: Counts | null = null;
	#heard = { stamp: -1, at: 0 };
	#draft: RTCSessionDescriptionInit | null = null;

	constructor(offerer: boolean, sink: Sink) {
		this.#sink = sink;
		this.#pc = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
		this.#scope.add(() => this.#pc.close());
		if (offerer)
			for (const slot of SLOTS)
				this.#pc.addTransceiver(slot === "audio" ? "audio" : "video", { direction: "sendrecv" });
		this.#doubleVoice();
		this.#listen("track", event => this.#arrived(event as RTCTrackEvent));
		this.#listen("connectionstatechange", () => this.#changed());
		this.#listen("iceconnectionstatechange", () => this.#changed());
	}

	async draft(): Promise<string> {
		this.#draft = await this.#pc.createOffer();
		return this.#draft.sdp ?? "";
	}

	async offer(restart: boolean): Promise<string> {
		const offer = this.#draft ?? (await this.#pc.createOffer({ iceRestart: restart }));
		this.#draft = null;
		await this.#pc.setLocalDescription(offer);
		return offer.sdp ?? "";
	}

	async answer(offer: string, place: Place): Promise<string> {
		await this.#pc.setRemoteDescription({ type: "offer", sdp: atPlace(offer, place) });
		for (const transceiver of this.#pc.getTransceivers()) transceiver.direction = "sendrecv";
		this.#doubleVoice();
		const answer = await this.#pc.createAnswer();
		await this.#pc.setLocalDescription(answer);
		this.#attach();
		return answer.sdp ?? "";
	}

	async accept(answer: string, place: Place): Promise<void> {
		await this.#pc.setRemoteDescription({ type: "answer", sdp: atPlace(answer, place) });
		this.#attach();
	}

	send(slot: Slot, track: MediaStreamTrack | null): void {
		this.#tracks.set(slot, track);
		this.#attachOne(slot);
	}

	async stats(): Promise<LinkStats | null> {
		if (this.#scope.ended || this.#state !== "connected") return null;
		const now = count(await this.#pc.getStats());
		const before = this.#before ?? now;
		this.#before = now;
		const missing = Math.max(0, now.lost - before.lost);
		this.#wait(missing + Math.max(0, now.asked - before.asked), now.voiceRttMs ?? (now.rttMs ?? 0) * 2);
		return { lost: lossBetween(before, now), rttMs: now.rttMs };
	}

	silentMs(): number {
		const source = this.#pc
			.getTransceivers()
			[SLOTS.indexOf("audio")]?.receiver.getSynchronizationSources()[0];
		const now = performance.now();
		if (source === undefined || source.rtpTimestamp !== this.#heard.stamp)
			this.#heard = { stamp: source?.rtpTimestamp ?? -1, at: now };
		return now - this.#heard.at;
	}

	close(): void {
		this.onState = null;
		this.#scope.end();
	}

	#listen(name: string, fn: (event: Event) => void): void {
		this.#pc.addEventListener(name, fn);
		this.#scope.add(() => this.#pc.removeEventListener(name, fn));
	}

	#slotOf(transceiver: RTCRtpTransceiver): Slot | undefined {
		return SLOTS[this.#pc.getTransceivers().indexOf(transceiver)];
	}

	#arrived(event: RTCTrackEvent): void {
		const slot = this.#slotOf(event.transceiver);
		if (slot === undefined) return;
		const { receiver } = event;
		this.#sink.put(slot, event.track, () => receiver.getSynchronizationSources()[0]?.audioLevel ?? 0);
	}

	#attach(): void {
		for (const slot of SLOTS) {
			this.#attachOne(slot);
			this.#limit(slot);
		}
	}

	#attachOne(slot: Slot): void {
		const sender = this.#pc.getTransceivers()[SLOTS.indexOf(slot)]?.sender;
		const track = this.#tracks.get(slot) ?? null;
		if (sender === undefined || sender.track === track) return;
		/* Refused only once the connection is closed. */
		sender.replaceTrack(track).catch(() => {});
	}

	#limit(slot: Slot): void {
		const sender = this.#pc.getTransceivers()[SLOTS.indexOf(slot)]?.sender;
		const parameters = sender?.getParameters();
		const encoding = parameters?.encodings[0];
		if (sender === undefined || parameters === undefined || encoding === undefined) return;
		encoding.maxBitrate = MAX_BITS[slot];
		sender.setParameters(parameters).catch(() => {});
	}

	#wait(missed: number, rttMs: number): void {
		const receiver = this.#pc.getTransceivers()[SLOTS.indexOf("audio")]?.receiver;
		/* Not in every browser. */
		if (receiver === undefined || !("jitterBufferTarget" in receiver)) return;
		receiver.jitterBufferTarget = this.#patience.update(missed, rttMs, performance.now());
	}

	/* RFC 2198: each piece of voice comes once more with the next one. Measured at 30 % loss and 100 ms: 8 % of it is made up, else 26 %. */
	#doubleVoice(): void {
		const audio = this.#pc.getTransceivers()[SLOTS.indexOf("audio")];
		const codecs = RTCRtpReceiver.getCapabilities("audio")?.codecs ?? [];
		const red = codecs.filter(one => one.mimeType === "audio/red");
		if (audio === undefined || red.length === 0) return;
		audio.setCodecPreferences([...red, ...codecs.filter(one => one.mimeType !== "audio/red")]);
	}

	#changed(): void {
		const state = stateOf(this.#pc);
		if (state === this.#state) return;
		this.#state = state;
		this.onState?.(state);
	}
}

export function stateOf(pc: RTCPeerConnection): LinkState {
	if (pc.connectionState === "failed" || pc.iceConnectionState === "failed") return "failed";
	if (pc.connectionState === "disconnected" || pc.iceConnectionState === "disconnected")
		return "disconnected";
	return pc.connectionState === "connected" ? "connected" : "connecting";
}
