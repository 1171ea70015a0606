/* One recording on its way to the server: fragments in order, from wherever the server says it stands, until the last is held; then,
 * if Send was pressed, the commit. Survives reconnects (resumes from `next`) and reloads (fragments come from storage). */
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { backoff } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { BAD } from "../wire/decode.ts";
import type { ErrorCode, Failure } from "../wire/errors.ts";
import { encodeFragment } from "../wire/fragment.ts";
import type { Answer, Socket } from "../wire/socket.ts";
import { type Rec, type RecAck, rec as recOf } from "../wire/types.ts";
import type { LocalFragment, LocalRec, Storage } from "./storage.ts";

export interface UploadEnv {
	readonly clock: Clock;
	readonly socket: Socket;
	readonly storage: Storage;
	random(): number;
}

export type UploadState =
	| { readonly name: "uploading" }
	| { readonly name: "committing" }
	| { readonly name: "sent"; readonly conv: number; readonly seq: number }
	/* It ended elsewhere: sent or discarded on another device. */
	| { readonly name: "ended" }
	| { readonly name: "failed"; readonly code: ErrorCode; readonly canRetry: boolean };

const WINDOW_BYTES = 512 * 1024;
const STALL_MS = 4_000;
const COMMIT_MS = 60_000;
const MOMENTARY: ReadonlySet<ErrorCode> = new Set([
	"rate_limited",
	"busy",
	"full",
	"timeout",
	"unavailable",
	"closed",
	"maybe",
	"internal",
	"offline",
]);

export class Upload {
	readonly #env: UploadEnv;
	#local: LocalRec;
	/* Fragments before this one are not on this device. */
	readonly #base: number;
	#memory = new Map<number, LocalFragment>();
	/* The first fragment that the server lacks, and the first that was not yet put on this connection. */
	#next = 0;
	#sent = 0;
	#inFlight = new Map<number, number>();
	#seg = -1;
	#begun = false;
	#busy = false;
	#tries = 0;
	#closed = false;
	#offStall: (() => void) | null = null;
	#offRetry: () => void = () => {};
	#wantState: "recording" | "paused" | null = null;
	#ready: Promise<unknown> = Promise.resolve();

	readonly #state: Signal<UploadState>;
	readonly #savedMs = signal(0);
	readonly #live = signal(false);
	readonly #trouble = signal<ErrorCode | null>(null);

	constructor(env: UploadEnv, local: LocalRec, base = 0) {
		this.#env = env;
		this.#local = local;
		this.#base = base;
		this.#state = signal<UploadState>(
			local.state === "unreadable"
				? { name: "failed", code: "unreadable", canRetry: false }
				: { name: local.state === "commit" ? "committing" : "uploading" },
		);
	}

	get state(): ReadonlySignal<UploadState> {
		return this.#state;
	}

	get savedMs(): ReadonlySignal<number> {
		return this.#savedMs;
	}

	get live(): ReadonlySignal<boolean> {
		return this.#live;
	}

	/* Why it does not get on just now; it is tried again by itself. */
	get trouble(): ReadonlySignal<ErrorCode | null> {
		return this.#trouble;
	}

	get local(): LocalRec {
		return this.#local;
	}

	/* What must have reached the server before it may hear of this recording (the end of its call's ringing). */
	waitFor(ready: Promise<unknown>): void {
		this.#ready = ready;
	}

	/* The recording changed: more fragments, or Send. */
	update(local: LocalRec): void {
		this.#local = local;
		void this.pump();
	}

	push(number: number, fragment: LocalFragment): void {
		this.#memory.set(number, fragment);
	}

	setState(state: "recording" | "paused"): void {
		this.#wantState = state;
		if (this.#begun) this.#tellState();
	}

	/* A new connection: everything unacknowledged has to be thought of as lost. */
	connected(): void {
		this.#begun = false;
		this.#seg = -1;
		this.#inFlight.clear();
		this.#unwatch();
		this.#tries = 0;
		if (this.#state.value.name !== "failed") void this.pump();
	}

	acked(ack: RecAck): void {
		if (ack.next > this.#next) {
			for (let n = this.#next; n < ack.next; n++) this.#inFlight.delete(n);
			this.#next = ack.next;
			this.#tries = 0;
			this.#trouble.value = null;
			this.#unwatch();
		}
		this.#savedMs.value = Math.max(this.#savedMs.value, ack.ms);
		this.#watch();
		void this.pump();
	}

	changed(rec: Rec): void {
		this.#live.value = rec.live;
		if (rec.state === "discarded" || (rec.state === "sent" && this.#local.state === "open"))
			this.#become({ name: "ended" });
	}

	retry(): void {
		this.#tries = 0;
		this.#trouble.value = null;
		this.#begun = false;
		this.#become({ name: this.#local.state === "commit" ? "committing" : "uploading" });
		void this.pump();
	}

	/* No more traffic from here; what is on the server stays. */
	close(): void {
		this.#closed = true;
		this.#unwatch();
		this.#offRetry();
	}

	async fragment(number: number): Promise<LocalFragment | undefined> {
		return this.#memory.get(number) ?? (await this.#env.storage.get("fragments", [this.#local.rec, number]));
	}

	/* Does the next thing there is to do; called whenever something changed. */
	async pump(): Promise<void> {
		if (this.#busy || this.#closed || this.#env.socket.state !== "online") return;
		const name = this.#state.value.name;
		if (name !== "uploading" && name !== "committing") return;
		this.#busy = true;
		try {
			await this.#ready;
			while (!this.#closed && this.#env.socket.state === "online" && (await this.#step())) {
				/* Each step says whether there is more to do now. */
			}
		} finally {
			this.#busy = false;
		}
	}

	async #step(): Promise<boolean> {
		const segments = this.#local.segments;
		const first = segments[0];
		if (first === undefined) return false;
		if (!this.#begun) return this.#begin(this.#segmentAt(Math.max(this.#next, this.#base)) ?? first);
		if (this.#sent < this.#local.fragments) {
			const segment = this.#segmentAt(this.#sent);
			if (segment !== undefined && segment.seg > this.#seg) {
				/* The new segment is announced when the server holds all of the one before. */
				return this.#next < this.#sent ? false : this.#begin(segment);
			}
			return this.#sendNext();
		}
		if (this.#local.state === "commit" && this.#next >= this.#local.fragments) return this.#commit();
		return false;
	}

	#segmentAt(number: number): LocalRec["segments"][number] | undefined {
		return this.#local.segments.findLast(segment => segment.first <= number);
	}

	async #begin(segment: LocalRec["segments"][number]): Promise<boolean> {
		const { rec, conv, call, kind } = this.#local;
		const args = { rec, conv, call, kind, mime: segment.mime, seg: segment.seg };
		const answer = await this.#env.socket.request("rec.start", args);
		if (!answer.ok) return this.#refused(answer);
		const body = recOf(answer.body.rec);
		if (body === BAD) return this.#fail("bad_answer", true);
		this.#begun = true;
		this.#seg = segment.seg;
		this.#live.value = body.live;
		this.#savedMs.value = Math.max(this.#savedMs.value, body.ms);
		if (body.state === "discarded") return this.#end();
		if (body.state === "sent" || body.state === "sending") {
			if (this.#local.state !== "commit") return this.#end();
			this.#next = this.#local.fragments;
		} else {
			this.#next = body.next;
		}
		this.#sent = this.#next;
		this.#inFlight.clear();
		if (this.#sent < this.#base) return this.#fail("conflict", false);
		this.#tellState();
		return true;
	}

	async #sendNext(): Promise<boolean> {
		let flying = 0;
		for (const size of this.#inFlight.values()) flying += size;
		if (flying >= WINDOW_BYTES) return false;
		const number = this.#sent;
		const fragment = await this.fragment(number);
		if (fragment === undefined) return this.#fail("storage", false);
		const { seg, atMs, bytes } = fragment;
		if (!this.#env.socket.sendFragment(encodeFragment({ rec: this.#local.rec, seg, number, atMs, bytes })))
			return false;
		/* A reconnect while the fragment was being read has set `sent` back. */
		if (this.#sent === number) this.#sent = number + 1;
		this.#inFlight.set(number, bytes.length);
		this.#watch();
		return true;
	}

	async #commit(): Promise<boolean> {
		const { rec, cid, fragments, ms, peaks } = this.#local;
		if (cid === null) return false;
		this.#become({ name: "committing" });
		const args = { rec, cid, fragments, duration_ms: Math.round(ms), peaks };
		const answer = await this.#env.socket.request("rec.commit", args, { timeoutMs: COMMIT_MS });
		if (answer.ok) {
			const seq = answer.body.seq;
			this.#become({ name: "sent", conv: this.#local.conv, seq: typeof seq === "number" ? seq : 0 });
			return false;
		}
		if (answer.code === "conflict" && this.#tries < 5) {
			this.#begun = false;
			return this.#later(answer);
		}
		return this.#refused(answer);
	}

	#refused(answer: Failure & Answer): boolean {
		if (MOMENTARY.has(answer.code)) return this.#later(answer);
		const noCall = answer.code === "not_found" || answer.code === "gone";
		if (noCall && this.#local.call !== null && !this.#begun) {
			/* The server never heard of this call, or it takes no note any more: it becomes a note of its own. */
			this.#local = { ...this.#local, call: null };
			void this.#env.storage.put("recs", [this.#local.rec], this.#local);
			return true;
		}
		if (answer.code === "gone") return this.#end();
		return this.#fail(answer.code, answer.code === "conflict");
	}

	#later(answer: Failure): boolean {
		this.#offRetry();
		if (this.#env.socket.state !== "online") return false;
		if (this.#tries > 0 || answer.code === "full") this.#trouble.value = answer.code;
		const ms = Math.max(answer.retryMs ?? 0, backoff(this.#tries++, this.#env.random, 500, 30_000));
		this.#offRetry = this.#env.clock.after(ms, () => void this.pump());
		return false;
	}

	/* No progress although something is on its way: ask where the server stands, and go on from there. Only progress sets the time
	 * back, not what is sent on top. */
	#watch(): void {
		if (this.#inFlight.size === 0 || this.#offStall !== null) return;
		this.#offStall = this.#env.clock.after(STALL_MS * 2 ** Math.min(this.#tries, 4), () => {
			this.#offStall = null;
			if (++this.#tries > 1) this.#trouble.value = "timeout";
			this.#begun = false;
			this.#inFlight.clear();
			void this.pump();
		});
	}

	#unwatch(): void {
		this.#offStall?.();
		this.#offStall = null;
	}

	#tellState(): void {
		if (this.#wantState === null || this.#local.state !== "open") return;
		const args = { rec: this.#local.rec, state: this.#wantState, ms: Math.round(this.#local.ms) };
		void this.#env.socket.request("rec.state", args);
	}

	#end(): boolean {
		this.#become({ name: "ended" });
		return false;
	}

	#fail(code: ErrorCode, canRetry: boolean): boolean {
		this.#become({ name: "failed", code, canRetry });
		return false;
	}

	#become(state: UploadState): void {
		if (state.name !== "uploading" && state.name !== "committing") {
			this.#unwatch();
			this.#offRetry();
		}
		this.#state.value = state;
	}
}
