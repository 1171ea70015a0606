/* All recordings of this device that are not yet in a thread. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { Emitter } from "../lib/emitter.ts";
import type { ErrorCode } from "../wire/errors.ts";
import type { RecAck } from "../wire/types.ts";
import type { LocalRec } from "./storage.ts";
import { Upload, type UploadEnv, type UploadState } from "./upload.ts";

export interface UploadChange {
	readonly upload: Upload;
	readonly state: UploadState;
}

/* It will never be a note, but its bytes are the person's: they are kept to be saved as a file. */
const UNREADABLE: ReadonlySet<ErrorCode> = new Set(["unreadable", "unsupported"]);

export class Uploads {
	readonly changes = new Emitter<UploadChange>();
	readonly #env: UploadEnv;
	#byRec = new Map<string, { readonly upload: Upload; readonly off: () => void }>();
	readonly #list = signal<readonly Upload[]>([]);
	readonly #offs: (() => void)[] = [];

	constructor(env: UploadEnv) {
		this.#env = env;
		this.#offs.push(
			env.socket.hellos.on(() => {
				for (const { upload } of this.#byRec.values()) upload.connected();
			}),
			env.socket.events.on(event => {
				if (event.ev === "rec.ack") this.#acked(event);
				else if (event.ev === "rec") this.get(event.rec.rec)?.changed(event.rec);
			}),
		);
	}

	get list(): ReadonlySignal<readonly Upload[]> {
		return this.#list;
	}

	get(rec: string): Upload | undefined {
		return this.#byRec.get(rec)?.upload;
	}

	/* What an earlier life of this page left behind. */
	async recover(): Promise<void> {
		for (const local of await this.#env.storage.list("recs", [])) {
			if (this.#byRec.has(local.rec)) continue;
			const kept = await this.#recount(local);
			if (kept === null) await this.forget(local.rec);
			else this.open(kept);
		}
	}

	open(local: LocalRec, base = local.segments[0]?.first ?? 0): Upload {
		const known = this.get(local.rec);
		if (known !== undefined) return known;
		const upload = new Upload(this.#env, local, base);
		const off = effect(() => {
			const state = upload.state.value;
			queueMicrotask(() => this.#changed(upload, state));
		});
		this.#byRec.set(local.rec, { upload, off });
		this.#publish();
		upload.connected();
		return upload;
	}

	/* Removes it from this device. */
	async forget(rec: string): Promise<void> {
		this.release(rec);
		await this.#env.storage.remove("recs", [rec]);
		await this.#env.storage.removeAll("fragments", [rec]);
	}

	/* Speaks no more of it; what is on this device stays, for an undo. */
	release(rec: string): void {
		const held = this.#byRec.get(rec);
		if (held === undefined) return;
		held.off();
		held.upload.close();
		this.#byRec.delete(rec);
		this.#publish();
	}

	end(): void {
		for (const off of this.#offs) off();
		for (const { upload, off } of this.#byRec.values()) {
			off();
			upload.close();
		}
		this.#byRec.clear();
	}

	/* A crash may have come between a fragment and its bookkeeping; the fragments are the truth. */
	async #recount(local: LocalRec): Promise<LocalRec | null> {
		const base = local.segments[0]?.first ?? 0;
		const held = await this.#env.storage.list("fragments", [local.rec]);
		if (held.length === 0) return null;
		const last = held.at(-1);
		const ms = local.state === "open" ? Math.max(local.ms, last?.atMs ?? 0) : local.ms;
		return { ...local, fragments: local.state === "open" ? base + held.length : local.fragments, ms };
	}

	#acked(ack: RecAck): void {
		this.get(ack.rec)?.acked(ack);
	}

	#changed(upload: Upload, state: UploadState): void {
		if (!this.#byRec.has(upload.local.rec)) return;
		this.changes.emit({ upload, state });
		this.#publish();
		if (state.name === "sent" || state.name === "ended") void this.forget(upload.local.rec);
		if (state.name === "failed" && UNREADABLE.has(state.code) && upload.local.state !== "unreadable") {
			const local: LocalRec = { ...upload.local, state: "unreadable" };
			upload.update(local);
			void this.#env.storage.put("recs", [local.rec], local);
		}
	}

	#publish(): void {
		this.#list.value = [...this.#byRec.values()].map(held => held.upload);
	}
}
