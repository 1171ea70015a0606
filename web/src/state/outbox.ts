/* Texts on their way. Each is on this device before it leaves, is sent again under the same cid after a reconnect or a reload, and goes
 * out in the order in which it was written. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { backoff } from "../lib/backoff.ts";
import type { LocalText } from "../media/storage.ts";
import { type ErrorCode, isServerCode } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { Logs } from "./logs.ts";

/* Tried again, under the same cid. */
export const MOMENTARY: ReadonlySet<ErrorCode> = new Set([
	"offline",
	"timeout",
	"maybe",
	"busy",
	"rate_limited",
	"unavailable",
	"closed",
	"full",
	"internal",
]);

export class Outbox {
	readonly #core: Core;
	readonly #logs: Logs;
	readonly #texts = signal<readonly LocalText[]>([]);
	#sending = false;
	#tries = 0;

	constructor(core: Core, logs: Logs) {
		this.#core = core;
		this.#logs = logs;
		core.scope.add(
			core.socket.states.on(state => {
				if (state === "online") void this.#pump();
			}),
		);
		/* The entry may come before the answer, from a page that was closed in between. */
		core.scope.add(
			logs.arrivals.on(entry => {
				if (entry.cid !== null && entry.from === core.me.value?.id && entry.device === core.device.value) {
					this.#drop(entry.cid);
				}
			}),
		);
	}

	get texts(): ReadonlySignal<readonly LocalText[]> {
		return this.#texts;
	}

	async recover(): Promise<void> {
		const kept = await this.#core.env.storage.list("texts", []);
		const known = new Set(this.#texts.value.map(text => text.cid));
		this.#texts.value = [...kept.filter(text => !known.has(text.cid)), ...this.#texts.value];
		void this.#pump();
	}

	add(conv: number, text: string, re: number | null): void {
		const cid = this.#core.newCid();
		const local: LocalText = { cid, conv, text, re, ts: this.#core.now(), failed: null };
		this.#texts.value = [...this.#texts.value, local];
		void this.#core.env.storage.put("texts", [cid], local);
		void this.#pump();
	}

	retry(cid: number): void {
		this.#mark(cid, null);
		void this.#pump();
	}

	discard(cid: number): void {
		this.#drop(cid);
	}

	async #pump(): Promise<void> {
		if (this.#sending) return;
		this.#sending = true;
		try {
			for (;;) {
				const next = this.#texts.value.find(text => text.failed === null);
				if (next === undefined || !this.#core.online) return;
				if (!(await this.#send(next))) return;
			}
		} finally {
			this.#sending = false;
		}
	}

	/* false: not now. */
	async #send(local: LocalText): Promise<boolean> {
		const { conv, cid, text, re } = local;
		const args = re === null ? { conv, cid, text } : { conv, cid, text, re };
		const answer = await this.#core.ask("msg.send", args);
		if (answer.ok) {
			this.#tries = 0;
			this.#arrived(local, answer.body);
			this.#drop(cid);
			return true;
		}
		if (!MOMENTARY.has(answer.code)) {
			this.#mark(cid, answer.code);
			return true;
		}
		if (this.#core.online) {
			const ms = Math.max(answer.retryMs ?? 0, backoff(this.#tries++, this.#core.env.random));
			this.#core.env.clock.after(ms, () => void this.#pump());
		}
		return false;
	}

	/* The device that sent a text gets no event for it: the answer is the entry. */
	#arrived(local: LocalText, body: Record<string, unknown>): void {
		const me = this.#core.me.value;
		const { seq, ts } = body;
		if (me === null || typeof seq !== "number" || typeof ts !== "number") return;
		this.#logs.receive({
			conv: local.conv,
			seq,
			from: me.id,
			device: this.#core.device.value,
			cid: local.cid,
			ts,
			re: local.re,
			call: null,
			kind: "text",
			body: { text: local.text },
		});
	}

	#mark(cid: number, failed: string | null): void {
		this.#texts.value = this.#texts.value.map(text => (text.cid === cid ? { ...text, failed } : text));
		const local = this.#texts.value.find(text => text.cid === cid);
		if (local !== undefined) void this.#core.env.storage.put("texts", [cid], local);
	}

	#drop(cid: number): void {
		if (this.#texts.value.some(text => text.cid === cid))
			this.#texts.value = this.#texts.value.filter(text => text.cid !== cid);
		void this.#core.env.storage.remove("texts", [cid]);
	}
}

export function codeOf(name: string): ErrorCode {
	return isServerCode(name) ? name : "internal";
}
