/* The recorder on the screen: one recording at a time, from the tap to Send, Discard or a draft. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { Emitter } from "../lib/emitter.ts";
import { Scope } from "../lib/scope.ts";
import { unreachable } from "../lib/unreachable.ts";
import type { Input } from "../media/ports.ts";
import type { Recording } from "../media/recording.ts";
import type { LocalRec } from "../media/storage.ts";
import type { UploadState } from "../media/upload.ts";
import type { Uploads } from "../media/uploads.ts";
import { type ErrorCode, failure, type Result } from "../wire/errors.ts";
import type { Kind } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { discardRec } from "./discardRec.ts";
import type { RecordingKit } from "./env.ts";
import type { OpenRecording, OpenWhat } from "./openRecording.ts";
import { Countdown, newLocal, openInput, tellLimit } from "./recorderOpen.ts";
import { type Phase, phaseView } from "./recorderView.ts";
import { Review } from "./review.ts";
import { saveFiles } from "./saveFiles.ts";
import type { DraftWhy } from "./types/app.ts";
import type { RecorderModel, RecorderView, RecTarget } from "./types/recorder.ts";
import { Warm } from "./warm.ts";

const NONE: readonly number[] = [];
/* So long Send waits on the screen; then the note goes on its way from the thread. */
const SLOW_MS = 10_000;

export type RecorderEnd = {
	readonly how: "sent" | "queued" | "discarded" | "kept" | "undone" | "dismissed";
	readonly target: RecTarget;
};

export interface BeginOptions {
	/* What must be known to the server before this recording is. */
	readonly after?: Promise<unknown>;
}

export class Recorder implements RecorderModel {
	readonly ends = new Emitter<RecorderEnd>();
	readonly warm: Warm;
	readonly countdown: Countdown;
	readonly can: { readonly voice: boolean; readonly video: boolean };
	readonly #core: Core;
	readonly #uploads: Uploads;
	readonly #review: Review;
	readonly #phase = signal<Phase>({ name: "idle" });
	readonly #preview = signal<MediaStream | null>(null);
	readonly #listeners = signal<readonly number[]>([]);
	#scope = new Scope();
	#turn = 0;
	#options: BeginOptions = {};

	readonly view: ReadonlySignal<RecorderView> = computed(() =>
		phaseView(this.#core, this.#phase.value, this.#listeners.value, this.#review.playing.value),
	);
	readonly ms: ReadonlySignal<number> = computed(() => this.#recording()?.ms.value ?? 0);
	readonly savedMs: ReadonlySignal<number> = computed(() => this.#recording()?.upload.savedMs.value ?? 0);
	readonly level: ReadonlySignal<number> = computed(() => this.#recording()?.level.value ?? 0);
	readonly wave: ReadonlySignal<readonly number[]> = computed(() => this.#recording()?.wave.value ?? NONE);

	constructor(core: Core, uploads: Uploads) {
		this.#core = core;
		this.#uploads = uploads;
		this.#review = new Review(core.env);
		this.warm = new Warm(core);
		this.countdown = new Countdown(core.env.clock);
		this.can = core.env.canRecord;
		core.scope.add(() => this.#scope.end());
		core.scope.add(
			core.env.page.onVisible(() => {
				if (!core.env.page.visible()) this.#active()?.interrupt("hidden");
			}),
		);
		core.scope.add(core.env.page.onLeave(() => this.#recording()?.pause()));
		core.scope.add(uploads.changes.on(({ upload, state }) => this.#uploaded(upload.local.rec, state)));
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "rec.listeners" && event.rec === this.#recording()?.local.rec)
					this.#listeners.value = event.users;
			}),
		);
	}

	get countdownMs(): ReadonlySignal<number> {
		return this.countdown.ms;
	}
	get preview(): ReadonlySignal<MediaStream | null> {
		return this.#preview;
	}
	get reviewMs(): ReadonlySignal<number> {
		return this.#review.ms;
	}
	get reviewPicture(): ReadonlySignal<HTMLVideoElement | null> {
		return this.#review.picture;
	}
	/* The recording on the screen is not to be shown as a draft, too. */
	get activeRec(): string | null {
		return this.#recording()?.local.rec ?? null;
	}
	get busy(): boolean {
		const name = this.#phase.value.name;
		return name !== "idle" && name !== "blocked";
	}

	start(conv: number, kind: Kind): Promise<Result> {
		return this.begin({ conv, name: this.#core.personOf(conv).name, call: null }, kind);
	}

	async begin(target: RecTarget, kind: Kind, options: BeginOptions = {}): Promise<Result> {
		if (this.busy) return failure("busy");
		const turn = ++this.#turn;
		this.#scope = new Scope();
		this.#options = options;
		this.#phase.value = { name: "opening", target, kind };
		const kit = await this.#core.kit();
		if (kit === null) {
			if (turn === this.#turn) this.#end({ how: "dismissed", target });
			this.#core.failed("note", "offline");
			return failure("offline");
		}
		const opened = await openInput(this.warm, kit, kind);
		if (turn !== this.#turn) {
			if (opened.ok) opened.input.close();
			return failure("gone");
		}
		if (!opened.ok) {
			const code = opened.code === "denied" || opened.code === "no_device" ? opened.code : "in_use";
			this.#phase.value = { name: "blocked", target, kind, code };
			return failure(code);
		}
		const { input, cameraFailed } = opened;
		if (input.kind === "video") {
			this.#phase.value = { name: "countdown", target, kind: "video" };
			this.#preview.value = input.stream;
			await this.countdown.run(this.#scope, () => input.close());
			if (turn !== this.#turn) return failure("gone");
		}
		const local = newLocal(this.#core, target, input.kind);
		return this.#open(kit, { target, local, nextSeg: 0, cameraFailed }, input);
	}

	/* A draft into the recorder, paused; resume() goes on with it. */
	async openDraft(target: RecTarget, local: LocalRec, nextSeg: number): Promise<Result> {
		if (this.busy) return failure("busy");
		this.#turn++;
		this.#scope = new Scope();
		this.#options = {};
		const turn = this.#turn;
		const kit = await this.#core.kit();
		if (kit === null || turn !== this.#turn) return failure(kit === null ? "offline" : "gone");
		this.#session(kit, { target, local, nextSeg, cameraFailed: false });
		return { ok: true };
	}

	skipCountdown(): void {
		this.countdown.skip();
	}

	pause(): void {
		this.#active()?.pause();
	}

	resume(): Promise<Result> {
		return this.#active()?.resume() ?? Promise.resolve(failure("gone"));
	}

	replaceInput(): Promise<Result> {
		return this.#active()?.replaceInput() ?? Promise.resolve(failure("gone"));
	}

	listen(): void {
		this.#active()?.listen();
	}

	async send(): Promise<Result> {
		const session = this.#active();
		if (session === null) return failure("gone");
		const { name } = session.mode.value;
		if (name === "sending") return { ok: true };
		if (name === "failed") return this.retry();
		this.#review.stop();
		if (session.recording.running) session.recording.pause();
		if (session.recording.ms.value < this.#core.limits.value.noteMinMs) {
			this.#discard(session, true);
			return failure("too_short");
		}
		session.mode.value = { name: "sending" };
		this.#preview.value = null;
		await session.recording.commit(this.#core.newCid());
		if (this.#active() !== session) return { ok: true };
		/* Without a connection there is nothing to wait for: it goes by itself, and the thread shows that it is on its way. */
		const off = effect(() => {
			const lost = this.#core.link.value !== "online" && session.mode.value.name === "sending";
			if (lost) queueMicrotask(() => !this.#core.online && this.#queued(session));
		});
		this.#scope.add(off);
		this.#scope.add(this.#core.env.clock.after(SLOW_MS, () => this.#queued(session)));
		return { ok: true };
	}

	/* At the limit: this note goes, and another begins. A call has one note, so the second stands alone. */
	async sendAndGoOn(): Promise<Result> {
		const session = this.#active();
		if (session === null || session.mode.value.name !== "paused") return failure("gone");
		const { target, recording } = session;
		const sent = await this.send();
		if (!sent.ok) return sent;
		this.#queued(session, false);
		return this.begin({ ...target, call: null }, recording.kind);
	}

	discard(): void {
		const phase = this.#phase.value;
		if (phase.name === "open") this.#discard(phase.session, false);
		else if (phase.name !== "idle") this.#end({ how: "discarded", target: phase.target });
	}

	keep(): void {
		void this.keepAs(null);
	}

	/* Nothing is lost and nothing is sent: a draft. `why` is told to the person, null = they wanted it. */
	async keepAs(why: DraftWhy | null): Promise<LocalRec | null> {
		const session = this.#active();
		if (session === null) {
			const phase = this.#phase.value;
			if (phase.name !== "idle" && phase.name !== "open")
				this.#end({ how: "dismissed", target: phase.target });
			return null;
		}
		const { recording, target } = session;
		recording.pause();
		const ms = recording.ms.value;
		const finished = recording.finishSegment();
		this.#end({ how: "kept", target });
		this.#core.announce(this.#core.env.words.draftKept(ms));
		if (why !== null) this.#core.toast({ type: "draftKept", ms, why });
		await finished;
		recording.end();
		recording.upload.update(recording.local);
		return recording.local;
	}

	async switchKind(kind: Kind): Promise<Result> {
		const phase = this.#phase.value;
		if (phase.name === "idle") return failure("gone");
		const target = phase.name === "open" ? phase.session.target : phase.target;
		const options = this.#options;
		if (phase.name === "open" && this.ms.value >= this.#core.limits.value.noteMinMs)
			await this.keepAs("takenOver");
		else if (phase.name === "open") this.#drop(phase.session);
		this.#reset();
		return this.begin(target, kind, options);
	}

	async retry(): Promise<Result> {
		const phase = this.#phase.value;
		if (phase.name === "blocked") return this.begin(phase.target, phase.kind, this.#options);
		const session = this.#active();
		if (session === null || session.mode.value.name !== "failed") return failure("gone");
		session.mode.value = { name: "sending" };
		if (session.recording.local.state === "commit") session.recording.upload.retry();
		else await session.recording.commit(this.#core.newCid());
		return { ok: true };
	}

	async saveFile(): Promise<Result> {
		const session = this.#active();
		return session === null ? failure("gone") : saveFiles(this.#core, await session.recording.files());
	}

	dismiss(): void {
		const phase = this.#phase.value;
		if (phase.name === "blocked") this.#end({ how: "dismissed", target: phase.target });
	}

	#recording(): Recording | null {
		return this.#active()?.recording ?? null;
	}

	#active(): OpenRecording | null {
		const phase = this.#phase.value;
		return phase.name === "open" ? phase.session : null;
	}

	#open(kit: RecordingKit, what: Omit<OpenWhat, "upload">, input: Input): Result {
		const session = this.#session(kit, what);
		if (this.#options.after !== undefined) session.recording.upload.waitFor(this.#options.after);
		if (!session.run(input)) {
			this.#drop(session);
			this.#reset();
			this.#phase.value = { name: "blocked", target: what.target, kind: what.local.kind, code: "in_use" };
			return failure("unsupported");
		}
		this.#core.env.sounds.play("tone");
		this.#core.announce(this.#core.env.words.recordingStarted());
		return { ok: true };
	}

	#session(kit: RecordingKit, what: Omit<OpenWhat, "upload">): OpenRecording {
		const { local } = what;
		const upload = this.#uploads.open(local, local.segments.length === 0 ? local.fragments : undefined);
		const parts = { core: this.#core, kit, warm: this.warm, review: this.#review, preview: this.#preview };
		const session = new kit.OpenRecording(parts, { ...what, upload });
		this.#listeners.value = [];
		this.#phase.value = { name: "open", session };
		this.#scope.add(() => session.leave());
		this.#scope.add(tellLimit(this.#core, session));
		return session;
	}

	#uploaded(rec: string, state: UploadState): void {
		const session = this.#active();
		if (session === null || session.recording.local.rec !== rec) return;
		switch (state.name) {
			case "uploading":
			case "committing":
				return;
			case "sent":
				this.#finished(session, "sent");
				return;
			case "ended":
				/* Discarded or sent from another device. */
				this.#finished(session, "dismissed");
				return;
			case "failed":
				this.#failed(session, state.code, state.canRetry);
				return;
			default:
				unreachable(state);
		}
	}

	#failed(session: OpenRecording, code: ErrorCode, canRetry: boolean): void {
		if (session.mode.value.name !== "sending" && code !== "conflict" && code !== "not_found") return;
		if (session.recording.running) session.recording.pause();
		session.mode.value = { name: "failed", code, canRetry };
	}

	#finished(session: OpenRecording, how: "sent" | "dismissed"): void {
		const { target, recording } = session;
		this.#end({ how, target });
		recording.end();
		if (how !== "sent") return;
		this.#core.env.sounds.play("sent");
		this.#core.announce(this.#core.env.words.noteSent(target.name));
		this.#core.toast({ type: "noteSent", to: target.name });
	}

	/* It goes by itself; its thread shows how it stands. */
	#queued(session: OpenRecording, tell = !this.#core.online): void {
		if (this.#active() !== session || session.mode.value.name !== "sending") return;
		this.#end({ how: "queued", target: session.target });
		session.recording.end();
		if (tell) this.#core.toast({ type: "noteQueued" });
	}

	#discard(session: OpenRecording, tooShort: boolean): void {
		const { recording, target } = session;
		const ms = recording.ms.value;
		const finished = recording.finishSegment();
		this.#end({ how: "discarded", target });
		discardRec(this.#core, this.#uploads, {
			rec: recording.local.rec,
			what: tooShort ? { type: "noteTooShort" } : { type: "noteDiscarded", ms },
			undo: async () => {
				await finished;
				const local = recording.local;
				const opened = await this.openDraft(target, local, (local.segments.at(-1)?.seg ?? -1) + 1);
				if (opened.ok) this.ends.emit({ how: "undone", target });
			},
		});
		void finished.then(() => recording.end());
	}

	#drop(session: OpenRecording): void {
		const { recording } = session;
		void recording.finishSegment().then(() => {
			recording.end();
			return this.#uploads.forget(recording.local.rec);
		});
		void this.#core.tell("rec.discard", { rec: recording.local.rec }, { again: true });
	}

	#end(end: RecorderEnd): void {
		this.#reset();
		this.ends.emit(end);
	}

	#reset(): void {
		this.#turn++;
		this.#review.stop();
		this.#scope.end();
		this.warm.release();
		this.#preview.value = null;
		this.#phase.value = { name: "idle" };
	}
}
