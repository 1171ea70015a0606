/* How the two devices of a call find one another, and find one another again. The relay ends ICE on each side by itself, so each
 * side mends its own half: it opens a fresh leg and takes the other's last description once more with that leg in it. The other hears of
 * it only when the connection itself is a new one (another page, another device): its fingerprint says so.
 *
 * Jobs run one after another; what comes in meanwhile waits. */
import { signal } from "@preact/signals";
import { sleep } from "../lib/clock.ts";
import type { Scope } from "../lib/scope.ts";
import {
	answersTo,
	areTwins,
	asAnswer,
	fingerprints,
	isForetold,
	markAnswer,
	type Place,
	sessionOf,
	signedText,
} from "../media/sdp.ts";
import type { LinkState, Peer, Sink, Slot, TalkPorts } from "../media/talkPorts.ts";
import { BAD } from "../wire/decode.ts";
import { type Opened, opened as openedOf, type Signal } from "../wire/media.ts";
import type { Core } from "./core.ts";
import type { DeviceKeys } from "./deviceKeys.ts";
import type { Prepared, Said } from "./prepared.ts";
import type { TalkLink, Trust } from "./types/talk.ts";

const SILENT_MS = 2_000;
const ATTEMPT_MS = 5_000;
const RETRY_MS = 300;
const CHECK_MS = 1_000;
/* A browser believes for 3 s in a path on which nothing comes. So much of a voice is not lost one by one. */
const QUIET_MS = 800;
const LISTEN_MS = 200;

export interface LinkParts {
	readonly core: Core;
	readonly ports: TalkPorts;
	readonly keys: DeviceKeys;
	readonly sink: Sink;
	readonly scope: Scope;
	/* This device placed the call: it will be the offerer. */
	readonly outgoing: boolean;
	readonly prepared: Prepared | null;
	/* The other device has just joined, perhaps anew: it knows nothing of us. */
	joined(): void;
}

export class Link {
	readonly state = signal<TalkLink>("connecting");
	readonly trust = signal<Trust>("checking");
	readonly safetyCode = signal<string | null>(null);
	readonly #call: string;
	readonly #parts: LinkParts;
	readonly #tracks = new Map<Slot, MediaStreamTrack | null>();
	#opened: Opened | null = null;
	#peer: Peer | null = null;
	/* The peer has offered. */
	#offers = false;
	#mine: Said | null = null;
	#theirs: Signal | null = null;
	#jobs: Promise<void> = Promise.resolve();
	#waiting = 0;
	#attempts = 0;
	#attemptTs: number;
	#offSilent: () => void = () => {};
	#isQuiet = false;
	#turn = 0;

	constructor(call: string, parts: LinkParts) {
		this.#call = call;
		this.#parts = parts;
		const { core, scope } = parts;
		this.#attemptTs = core.env.clock.now();
		scope.add(() => {
			this.#offSilent();
			this.#peer?.close();
			this.#peer = null;
		});
		scope.add(core.socket.events.on(event => this.#event(event)));
		scope.add(core.socket.hellos.on(() => this.#do(() => this.#cameBack())));
		scope.add(core.env.clock.every(CHECK_MS, () => this.#check()));
		scope.add(core.env.clock.every(LISTEN_MS, () => this.#listen()));
		this.#do(() => this.#begin());
	}

	get peer(): Peer | null {
		return this.#peer;
	}

	get #place(): Place | null {
		const leg = this.#opened?.leg;
		if (leg === undefined) return null;
		return this.#turn === 0 ? leg : { ...leg, turn: this.#turn };
	}

	send(slot: Slot, track: MediaStreamTrack | null): void {
		this.#tracks.set(slot, track);
		this.#peer?.send(slot, track);
	}

	/* What has changed is theirs: remembered from now on. */
	async confirm(): Promise<void> {
		const peer = this.#opened?.peer;
		if (peer === undefined || peer.key === null || this.#theirs === null) return;
		await this.#parts.keys.pin(peer.user, peer.device, peer.key);
		await this.#judge(this.#theirs);
	}

	#event(event: { readonly ev: string; readonly call?: unknown }): void {
		if (event.call !== this.#call) return;
		if (event.ev === "media.signal") this.#do(() => this.#signal(event as Signal & { ev: string }));
		else if (event.ev === "media.hint") this.#do(() => this.#restart());
	}

	#do(job: () => Promise<void>): void {
		this.#waiting++;
		this.#jobs = this.#jobs.then(async () => {
			try {
				if (!this.#parts.scope.ended) await job();
			} catch {
				/* A description that this browser refuses, a connection that closed meanwhile: the next attempt begins from nothing. */
				this.#attempts |= 1;
			} finally {
				this.#waiting--;
			}
		});
	}

	/* The connection is made, and its offer, while the leg is asked for. */
	async #begin(): Promise<void> {
		const { outgoing, prepared } = this.#parts;
		if (prepared !== null) {
			await this.#beginPrepared(prepared);
			return;
		}
		const peer = this.#newPeer(outgoing);
		const offer = outgoing ? peer.offer(false) : null;
		if ((await this.#open(false)) && offer !== null) await this.#say("offer", await offer);
	}

	/* Both sides at once: what they prepared, and for their legs. */
	async #beginPrepared({ peer, said }: Prepared): Promise<void> {
		this.#use(peer, true);
		const opening = this.#open(false);
		this.#mine = await said;
		this.#sayAgain();
		await peer.offer(false);
		await opening;
	}

	/* This device's leg. false: the call is over for this device. */
	async #open(fresh: boolean): Promise<boolean> {
		const { core, scope } = this.#parts;
		while (!scope.ended) {
			const answer = await core.ask("media.open", { call: this.#call, fresh }, { again: true });
			if (scope.ended) return false;
			const body = answer.ok ? openedOf(answer.body) : BAD;
			if (body !== BAD) {
				this.#opened = body;
				return true;
			}
			if (!answer.ok && (answer.code === "not_found" || answer.code === "gone")) return false;
			await sleep(core.env.clock, answer.ok ? RETRY_MS : (answer.retryMs ?? RETRY_MS));
		}
		return false;
	}

	#newPeer(offerer: boolean): Peer {
		this.#peer?.close();
		const peer = this.#parts.ports.peer(offerer, this.#parts.sink);
		this.#use(peer, offerer);
		if (this.state.value === "connected") this.state.value = "reconnecting";
		return peer;
	}

	#use(peer: Peer, offers: boolean): void {
		this.#peer = peer;
		this.#offers = offers;
		peer.onState = state => this.#changed(state);
		for (const [slot, track] of this.#tracks) peer.send(slot, track);
	}

	async #connect(): Promise<void> {
		this.#theirs = null;
		this.#attemptTs = this.#parts.core.env.clock.now();
		await this.#say("offer", await this.#newPeer(true).offer(false));
	}

	async #say(kind: "offer" | "answer", sdp: string): Promise<void> {
		const sig = await this.#parts.keys.sign(signedText(this.#call, kind, sdp));
		this.#mine = { kind, sdp, sig };
		this.#sayAgain();
	}

	#sayAgain(): void {
		const mine = this.#mine;
		if (mine !== null)
			void this.#parts.core.tell("media.signal", { call: this.#call, ...mine }, { again: true });
	}

	async #signal(theirs: Signal): Promise<void> {
		const opened = this.#opened;
		if (opened === null || theirs.device === this.#parts.core.device.value) return;
		if (theirs.kind === "offer") {
			if (!opened.offerer) await this.#offered(theirs);
		} else if (opened.offerer) await this.#answered(theirs);
	}

	async #offered(theirs: Signal): Promise<void> {
		if (this.#theirs?.sdp === theirs.sdp) {
			this.#sayAgain();
			return;
		}
		const same = this.#isSame(theirs);
		if (!same && this.#theirs !== null && !(await this.#open(true))) return;
		/* A connection that has answered nothing yet is as good as a new one. */
		const anew = this.#offers || (!same && this.#mine !== null);
		if (this.#theirs === null && this.#offers && this.#isTwin(theirs)) await this.#accept(theirs);
		else await this.#answer(theirs, anew);
		this.#parts.joined();
		await this.#judge(theirs);
	}

	async #answer(theirs: Signal, anew: boolean): Promise<void> {
		const peer = anew || this.#peer === null ? this.#newPeer(false) : this.#peer;
		const place = this.#place;
		if (place === null) return;
		this.#theirs = theirs;
		await this.#say("answer", markAnswer(await peer.answer(theirs.sdp, place), theirs.sdp));
	}

	#isTwin(theirs: Signal): boolean {
		return this.#mine !== null && areTwins(this.#mine.sdp, theirs.sdp);
	}

	async #accept(theirs: Signal): Promise<void> {
		const place = this.#place;
		if (this.#peer === null || place === null) return;
		await this.#peer.accept(asAnswer(theirs.sdp), place);
		this.#theirs = theirs;
	}

	async #answered(theirs: Signal): Promise<void> {
		const to = answersTo(theirs.sdp);
		const mine = this.#mine;
		if (mine === null) return;
		if (isForetold(theirs.sdp)) {
			if (this.#theirs !== null || !this.#isTwin(theirs)) return;
		} else if (to !== "" && to !== sessionOf(mine.sdp)) return;
		if (this.#theirs !== null) {
			/* Their page was loaded again, or another device of theirs took over: a new connection altogether. */
			if (!this.#isSame(theirs) && (await this.#open(true))) await this.#connect();
			return;
		}
		await this.#accept(theirs);
		this.#parts.joined();
		await this.#judge(theirs);
	}

	#isSame(theirs: Signal): boolean {
		const before = this.#theirs;
		return (
			before !== null &&
			before.device === theirs.device &&
			sessionOf(before.sdp) === sessionOf(theirs.sdp) &&
			fingerprints(before.sdp).join() === fingerprints(theirs.sdp).join()
		);
	}

	async #judge(theirs: Signal): Promise<void> {
		const known = this.#opened?.peer;
		/* They may have joined, or have made their key, after we looked. */
		const stale = known?.device !== theirs.device || (known.key === null && theirs.sig !== "");
		if (stale && !(await this.#open(false))) return;
		const peer = this.#opened?.peer;
		if (peer === undefined || this.#mine === null) return;
		const text = signedText(this.#call, theirs.kind, theirs.sdp);
		const key = peer.device === theirs.device ? peer.key : null;
		this.trust.value = await this.#parts.keys.judge({
			user: peer.user,
			device: theirs.device,
			key,
			sig: theirs.sig,
			text,
		});
		this.safetyCode.value = await this.#parts.keys.safetyCode(
			fingerprints(this.#mine.sdp),
			fingerprints(theirs.sdp),
		);
	}

	/* A fresh leg, the same connection. */
	async #restart(): Promise<void> {
		this.#attemptTs = this.#parts.core.env.clock.now();
		if (await this.#open(true)) await this.#again();
	}

	async #again(): Promise<void> {
		const peer = this.#peer;
		const theirs = this.#theirs;
		const place = this.#place;
		if (peer === null || place === null) return;
		if (theirs !== null && theirs.device !== this.#opened?.peer.device) await this.#otherDevice();
		else if (theirs === null) this.#sayAgain();
		else if (this.#offers) {
			await peer.offer(true);
			await this.#accept(theirs);
		} else await peer.answer(theirs.sdp, place);
	}

	/* They went on at another device of theirs: it knows nothing of what was agreed. */
	async #otherDevice(): Promise<void> {
		if (this.#opened?.offerer) {
			await this.#connect();
			return;
		}
		this.#theirs = null;
		this.#mine = null;
		this.#newPeer(false);
	}

	/* A new connection altogether. */
	async #rebuild(): Promise<void> {
		this.#attemptTs = this.#parts.core.env.clock.now();
		if (!(await this.#open(true))) return;
		if (this.#opened?.offerer) await this.#connect();
		else if (this.#theirs !== null) await this.#answer(this.#theirs, true);
	}

	/* The line to the server was away. Media does not need it; but the server may have started anew. */
	async #cameBack(): Promise<void> {
		const before = this.#opened?.leg.ufrag;
		if (!(await this.#open(false))) return;
		if (this.#peer === null && this.#opened?.offerer) await this.#connect();
		else if (before !== this.#opened?.leg.ufrag) await this.#again();
		this.#parts.joined();
	}

	#changed(state: LinkState): void {
		if (state === "connected") {
			this.#offSilent();
			this.#attempts = 0;
			this.state.value = "connected";
		} else if (state === "failed") this.#lost();
		else if (state === "disconnected") {
			this.#offSilent();
			this.#offSilent = this.#parts.core.env.clock.after(SILENT_MS, () => this.#lost());
		}
	}

	#lost(): void {
		this.#offSilent();
		if (this.state.value === "connected") this.state.value = "reconnecting";
		this.#do(() => this.#restart());
	}

	/* The network may have gone, and the line to the server with it; or theirs has, then no harm is done. Another path is looked for without
	 * the server's word, which may not come through. */
	#listen(): void {
		const quiet = this.state.value === "connected" && (this.#peer?.silentMs() ?? 0) >= QUIET_MS;
		if (quiet === this.#isQuiet) return;
		this.#isQuiet = quiet;
		if (!quiet) return;
		this.#parts.core.socket.doubt();
		this.#turn++;
		this.#do(() => this.#again());
	}

	/* What took too long is tried again: a fresh leg first, then everything anew. */
	#check(): void {
		const now = this.#parts.core.env.clock.now();
		if (this.state.value === "connected" || this.#waiting > 0 || now - this.#attemptTs < ATTEMPT_MS) return;
		this.#attempts++;
		if (this.#attempts % 2 === 1) this.#do(() => this.#restart());
		else this.#do(() => this.#rebuild());
	}
}
