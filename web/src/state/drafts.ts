/* Recordings without Send: those of this device and those that the server holds from any device of mine. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { foldPeaks } from "../lib/peaks.ts";
import { filesOf } from "../media/files.ts";
import type { LocalRec } from "../media/storage.ts";
import type { Upload } from "../media/upload.ts";
import type { Uploads } from "../media/uploads.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Rec } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { discardRec } from "./discardRec.ts";
import type { Recorder } from "./recorder.ts";
import { saveFiles } from "./saveFiles.ts";
import type { DraftsModel, DraftView } from "./types/drafts.ts";

const ENDED: ReadonlySet<string> = new Set(["sent", "discarded"]);

export class Drafts implements DraftsModel {
	readonly list: ReadonlySignal<readonly DraftView[]>;
	readonly #core: Core;
	readonly #uploads: Uploads;
	readonly #recorder: Recorder;
	readonly #recs = signal<ReadonlyMap<string, Rec>>(new Map());
	/* Discarded here and not yet forgotten by the server. */
	readonly #hidden = signal<ReadonlySet<string>>(new Set());

	constructor(core: Core, uploads: Uploads, recorder: Recorder) {
		this.#core = core;
		this.#uploads = uploads;
		this.#recorder = recorder;
		this.list = computed(() => this.#show());
		core.scope.add(
			core.socket.hellos.on(hello => {
				this.#recs.value = new Map(hello.recs.map(rec => [rec.rec, rec]));
			}),
		);
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "rec") this.#changed(event.rec);
			}),
		);
	}

	async send(rec: string): Promise<Result> {
		const upload = this.#uploads.get(rec);
		if (upload !== undefined && upload.local.state === "open") {
			const local: LocalRec = {
				...upload.local,
				state: "commit",
				cid: this.#core.newCid(),
				peaks: peaksOf(upload),
			};
			await this.#core.env.storage.put("recs", [rec], local);
			upload.update(local);
			return { ok: true };
		}
		const known = this.#recs.value.get(rec);
		if (known === undefined) return failure("gone");
		/* Nothing of it is here: the server holds all there is. */
		const flat = new Array<number>(64).fill(64);
		const args = { rec, cid: this.#core.newCid(), fragments: known.next, duration_ms: known.ms, peaks: flat };
		const result = await this.#core.tell("rec.commit", args, { again: true, timeoutMs: 60_000 });
		if (!result.ok) this.#core.failed("draft", result.code, () => void this.send(rec));
		return result;
	}

	async resume(rec: string): Promise<Result> {
		if (this.#recorder.busy) return failure("busy");
		const upload = this.#uploads.get(rec);
		const known = this.#recs.value.get(rec);
		const lastSeg = upload?.local.segments.at(-1)?.seg ?? -1;
		const local =
			upload !== undefined && (known === undefined || known.seg <= lastSeg)
				? upload.local
				: fromServer(known);
		if (local === null) return failure("gone");
		if (local !== upload?.local && upload !== undefined) await this.#uploads.forget(rec);
		const target = { conv: local.conv, name: this.#core.personOf(local.conv).name, call: local.call };
		const opened = await this.#recorder.openDraft(target, local, Math.max(lastSeg, known?.seg ?? -1) + 1);
		return opened.ok ? this.#recorder.resume() : opened;
	}

	async discard(rec: string): Promise<Result> {
		const ms = this.list.value.find(draft => draft.rec === rec)?.savedMs ?? 0;
		const local = this.#uploads.get(rec)?.local;
		this.#hide(rec, true);
		discardRec(this.#core, this.#uploads, {
			rec,
			what: { type: "noteDiscarded", ms },
			undo: async () => {
				this.#hide(rec, false);
				if (local !== undefined) this.#uploads.open(local);
			},
		});
		return { ok: true };
	}

	async saveFile(rec: string): Promise<Result> {
		const upload = this.#uploads.get(rec);
		if (upload === undefined) return failure("not_found");
		return saveFiles(this.#core, await filesOf(upload.local, upload));
	}

	#show(): readonly DraftView[] {
		const drafts = new Map<string, DraftView>();
		for (const rec of this.#recs.value.values()) {
			if (ENDED.has(rec.state)) continue;
			drafts.set(rec.rec, this.#ofServer(rec));
		}
		for (const upload of this.#uploads.list.value) {
			const { local } = upload;
			/* Once Send was pressed it is shown in its thread, on its way. */
			if (local.state !== "open") drafts.delete(local.rec);
			else if (local.fragments > 0) drafts.set(local.rec, this.#ofDevice(upload, drafts.get(local.rec)));
		}
		const active = this.#recorder.view.value;
		if ("rec" in active) drafts.delete(active.rec);
		for (const rec of this.#hidden.value) drafts.delete(rec);
		return [...drafts.values()].sort((a, b) => b.createdTs - a.createdTs);
	}

	#ofServer(rec: Rec): DraftView {
		const elsewhere =
			(rec.state === "recording" || rec.state === "paused") && rec.device !== this.#core.device.value;
		const state =
			rec.state === "sending" || rec.state === "unreadable" ? rec.state : elsewhere ? "recording" : "draft";
		return {
			rec: rec.rec,
			conv: rec.conv,
			name: this.#core.personOf(rec.conv).name,
			call: rec.call,
			kind: rec.kind,
			savedMs: rec.ms,
			createdTs: rec.created,
			here: false,
			state,
			canSend: state === "draft" && rec.next > 0,
			canContinue: state === "draft",
			canSave: state === "unreadable",
		};
	}

	#ofDevice(upload: Upload, server: DraftView | undefined): DraftView {
		const { local } = upload;
		return {
			rec: local.rec,
			conv: local.conv,
			name: this.#core.personOf(local.conv).name,
			call: local.call,
			kind: local.kind,
			savedMs: Math.max(local.ms, server?.savedMs ?? 0),
			createdTs: local.createdTs,
			here: true,
			state: "draft",
			canSend: true,
			canContinue: true,
			canSave: true,
		};
	}

	#changed(rec: Rec): void {
		const recs = new Map(this.#recs.value);
		if (ENDED.has(rec.state)) recs.delete(rec.rec);
		else recs.set(rec.rec, rec);
		this.#recs.value = recs;
	}

	#hide(rec: string, on: boolean): void {
		const hidden = new Set(this.#hidden.value);
		if (on) hidden.add(rec);
		else hidden.delete(rec);
		this.#hidden.value = hidden;
	}
}

function peaksOf(upload: Upload): readonly number[] {
	return foldPeaks(upload.local.levels.values);
}

/* A draft whose bytes are elsewhere: numbered on from where the server stands. */
function fromServer(rec: Rec | undefined): LocalRec | null {
	if (rec === undefined) return null;
	return {
		rec: rec.rec,
		conv: rec.conv,
		call: rec.call,
		kind: rec.kind,
		segments: [],
		createdTs: rec.created,
		ms: rec.ms,
		fragments: rec.next,
		levels: { values: [], stride: 1 },
		state: "open",
		cid: null,
		peaks: [],
	};
}
