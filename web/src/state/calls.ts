/* Calls, as this device sees them: the one that I place, those that ring here, the one that I am in. The server decides; a lower `rev`
 * is stale. What is local: the screen stays after an unanswered call, and a call without a network fails at once with its prompt. */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { Scope } from "../lib/scope.ts";
import { BAD } from "../wire/decode.ts";
import { type ErrorCode, failure, type Result } from "../wire/errors.ts";
import { type Call, call as callOf, type Hello } from "../wire/types.ts";
import { answeredOf, elsewhereOf, neverConnected } from "./answered.ts";
import type { Core } from "./core.ts";
import { Incoming } from "./incoming.ts";
import { canLeaveNow, type Placed, phaseOf } from "./outgoing.ts";
import type { Recorder, RecorderEnd } from "./recorder.ts";
import { ringback } from "./ringback.ts";
import type { Kind } from "./types/base.ts";
import type { AnsweredView, CallModel, IncomingView, OutgoingView } from "./types/calls.ts";
import type { ElsewhereView } from "./types/talk.ts";

/* A connection that goes while nobody was reached yet: so long it may come back before the call counts as failed. */
const LOST_MS = 8_000;
const EARLY_MS = 1_000;

export class Calls implements CallModel {
	readonly #core: Core;
	readonly #recorder: Recorder;
	readonly #ringing: Incoming;
	/* Everything that is going on, by id, newest snapshot. */
	readonly #calls = signal<ReadonlyMap<string, Call>>(new Map());
	readonly #placed = signal<Placed | null>(null);
	readonly #tick = signal(0);
	#over = new Set<string>();
	#scope = new Scope();
	#soundScope: Scope | null = null;

	readonly outgoing: ReadonlySignal<OutgoingView | null> = computed(() => this.#outgoingView());
	readonly answered: ReadonlySignal<AnsweredView | null> = computed(() =>
		answeredOf(this.#core, this.#calls.value),
	);
	/* Calls of mine that go on at another device of mine. */
	readonly elsewhere: ReadonlySignal<readonly ElsewhereView[]> = computed(() =>
		elsewhereOf(this.#core, this.#calls.value),
	);
	readonly incoming: ReadonlySignal<readonly IncomingView[]>;
	/* Another kind of call goes on here. */
	elsewhereEngaged: () => boolean = () => false;
	/* A call has been answered here: whatever else goes on is to end. */
	onTaken: () => void = () => {};

	constructor(core: Core, recorder: Recorder) {
		this.#core = core;
		this.#recorder = recorder;
		this.#ringing = new Incoming(core, this.#calls, () => this.engaged || this.elsewhereEngaged());
		this.incoming = this.#ringing.views;
		core.scope.add(core.socket.hellos.on(hello => this.#hello(hello)));
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "call") this.#apply(event.call);
			}),
		);
		core.scope.add(core.socket.states.on(state => this.#linked(state === "online")));
		core.scope.add(recorder.ends.on(end => this.#recorded(end)));
		core.scope.add(() => this.#scope.end());
	}

	get engaged(): boolean {
		return this.answered.value !== null || this.#placedIsLive();
	}

	async start(conv: number, kind: Kind): Promise<Result<{ call: string }>> {
		if (this.engaged || this.elsewhereEngaged()) return failure("busy");
		return this.#begin(conv, kind);
	}

	async #begin(conv: number, kind: Kind): Promise<Result<{ call: string }>> {
		/* One microphone: what was being said waits as a draft, and comes back when nobody answers. */
		const kept = this.#recorder.busy ? await this.#recorder.keepAs("callAgain") : null;
		if (this.engaged) return failure("busy");
		const id = this.#core.newId();
		this.#scope.end();
		this.#scope = new Scope();
		this.#placed.value = {
			id,
			conv,
			kind,
			startedTs: this.#core.now(),
			asked: this.#core.online,
			ended: this.#core.online ? null : { outcome: "failed", quietUntil: null },
			note: false,
			refused: null,
			kept: kept !== null && kept.conv === conv && kept.fragments > 0 ? kept : null,
		};
		this.#recorder.warm.prepare(kind);
		if (!this.#core.online) {
			this.#unanswered();
			return { ok: true, call: id };
		}
		const placed = () => this.#placed.peek()?.id;
		this.#soundScope = ringback(this.#scope, this.#core.env.sounds, this.#calls, placed);
		this.#scope.add(this.#core.env.clock.after(this.#core.limits.value.noteOfferMs, () => this.#again()));
		await this.#ask(id, conv, kind);
		return { ok: true, call: id };
	}

	async cancel(): Promise<Result> {
		const placed = this.#placed.value;
		if (placed === null) return { ok: true };
		if (placed.note && this.#recorder.busy) this.#recorder.discard();
		if (placed.ended !== null || placed.note) {
			/* Their late answer must not open a call that nobody waits for any more. */
			if (placed.asked) void this.#core.tell("call.cancel", { call: placed.id, note: false });
			this.#close();
			return { ok: true };
		}
		const early = this.#core.now() - placed.startedTs < EARLY_MS;
		const rang = this.#calls.value.get(placed.id)?.state === "ringing";
		const outcome = rang ? "cancelled" : "cancelled_early";
		this.#patch(placed.id, { ended: { outcome, quietUntil: null } });
		this.#quiet();
		const told = this.#core.tell("call.cancel", { call: placed.id, note: false }, { again: true });
		if (early && !rang) this.#close();
		return told;
	}

	async leaveNote(kind?: Kind): Promise<Result> {
		const placed = this.#placed.value;
		if (placed === null) return failure("gone");
		const live = placed.ended === null;
		const told = live
			? this.#core.tell("call.cancel", { call: placed.id, note: true }, { again: true })
			: null;
		this.#patch(placed.id, { note: true });
		this.#quiet();
		const call = placed.asked ? placed.id : null;
		const target = { conv: placed.conv, name: this.#core.personOf(placed.conv).name, call };
		return this.#recorder.begin(target, kind ?? placed.kind, told === null ? {} : { after: told });
	}

	async callAgain(): Promise<Result> {
		const placed = this.#placed.value;
		if (placed === null) return failure("gone");
		if (!this.#recorder.busy) this.#close();
		return this.#begin(placed.conv, placed.kind);
	}

	async answer(call: string): Promise<Result> {
		/* One call at a time: answering another ends this one. */
		if (this.answered.value !== null) void this.hangUp();
		this.onTaken();
		this.#ringing.answering(call, true);
		const answer = await this.#core.ask("call.answer", { call }, { again: true, timeoutMs: 10_000 });
		this.#ringing.answering(call, false);
		if (!answer.ok) {
			const { conv, kind = "voice" } = this.#calls.value.get(call) ?? {};
			if (answer.code === "gone" || answer.code === "not_found") {
				this.#forget(call);
				if (conv !== undefined) {
					const back = () => void this.start(conv, kind);
					this.#core.toast({ type: "callGone", conv }, { name: "callBack", run: back });
				}
			} else this.#core.failed("call", answer.code);
			return failure(answer.code);
		}
		const body = callOf(answer.body.call);
		if (body !== BAD) this.#apply(body);
		return { ok: true };
	}

	decline(call: string, text?: string): Promise<Result> {
		this.#over.add(call);
		this.#forget(call);
		return this.#core.tell("call.decline", text === undefined ? { call } : { call, text }, { again: true });
	}

	silence(call: string): void {
		this.#ringing.silence(call);
	}

	async hangUp(failed = false): Promise<Result> {
		const call = this.answered.value?.call;
		if (call === undefined) return { ok: true };
		this.#forget(call);
		return this.#core.tell("call.leave", { call, ...(failed && { failed }) }, { again: true });
	}

	/* This device goes on with a call that another device of mine is in. */
	async move(call: string): Promise<Result> {
		this.onTaken();
		const answer = await this.#core.ask("call.move", { call }, { again: true });
		if (!answer.ok) {
			this.#core.failed("call", answer.code);
			return failure(answer.code);
		}
		const body = callOf(answer.body.call);
		if (body !== BAD) this.#apply(body);
		return { ok: true };
	}

	/* Answered, but no media came through. */
	failedToConnect(call: string): void {
		const view = this.answered.value;
		if (view?.call !== call) return;
		void this.hangUp(true);
		this.#failedOn(view);
	}

	/* Who called may leave a note instead. */
	#failedOn(view: AnsweredView): void {
		if (view.outgoing) {
			this.#scope.end();
			this.#scope = new Scope();
			this.#placed.value = neverConnected(view);
			this.#unanswered();
		} else this.#core.failed("call", "timeout");
	}

	async #ask(id: string, conv: number, kind: Kind): Promise<void> {
		const answer = await this.#core.ask("call.start", { call: id, conv, kind }, { again: true });
		if (answer.ok) {
			const body = callOf(answer.body.call);
			if (body === BAD) return;
			/* Both called at once: the server made one call of it, the other's. */
			if (body.call !== id) this.#close();
			this.#apply(body);
			return;
		}
		const placed = this.#placed.value;
		if (placed === null || placed.id !== id || placed.ended !== null) return;
		this.#fail(id, answer.code, answer.retryMs);
	}

	#fail(id: string, code: ErrorCode, retryMs?: number): void {
		const momentary = code === "offline" || code === "timeout" || code === "maybe" || code === "closed";
		if (momentary)
			void this.#core.tell("call.cancel", { call: id, note: true }, { again: true, timeoutMs: 120_000 });
		this.#patch(id, {
			asked: momentary,
			ended: { outcome: "failed", quietUntil: null },
			refused: momentary ? null : { code, retryMs: retryMs ?? null },
		});
		this.#quiet();
		this.#unanswered();
	}

	#hello(hello: Hello): void {
		const going = new Map(hello.calls.map(call => [call.call, call]));
		const placed = this.#placed.value;
		/* A call that ended while we were away is in the log; its screen shows what it can. */
		if (placed?.asked && placed.ended === null && !going.has(placed.id)) {
			if (this.#calls.value.has(placed.id))
				this.#patch(placed.id, { ended: { outcome: "failed", quietUntil: null } });
		}
		const gone = [...this.#calls.value.keys()].filter(id => !going.has(id));
		batch(() => {
			for (const id of gone) this.#forget(id);
			for (const call of going.values()) this.#apply(call);
		});
	}

	#apply(call: Call): void {
		const known = this.#calls.value.get(call.call);
		if (known !== undefined && call.rev < known.rev) return;
		/* Declined here, or over: a snapshot that was under way does not make it ring again. */
		if (this.#over.has(call.call) && call.state !== "answered" && call.state !== "ended") return;
		if (call.state === "ended") this.#over.add(call.call);
		if (call.state !== "ended") this.#calls.value = new Map(this.#calls.value).set(call.call, call);
		this.#ringing.changed(call, known);
		const placed = this.#placed.value;
		/* Picked up, here or by them, perhaps while a note was being left: what was said stays with its owner. */
		if (call.state === "answered" && call.mine && known?.state !== "answered" && this.#recorder.busy)
			void this.#recorder.keepAs("answered");
		const was = this.answered.value;
		if (call.state === "ended") this.#forget(call.call);
		/* The other device, or the server, found that nothing comes through. */
		if (call.outcome === "failed" && was?.call === call.call) this.#failedOn(was);
		if (placed?.id === call.call) this.#placedChanged(call);
		/* The call of mine crossed with theirs and became part of it. */ else if (
			call.state === "answered" &&
			call.mine &&
			placed?.conv === call.conv
		)
			this.#picked(call);
	}

	#placedChanged(call: Call): void {
		if (call.state === "answered") this.#picked(call);
		else if (call.state === "ended") {
			const placed = this.#placed.value;
			/* The prompt of a call that never connected stays. */
			if (call.outcome === "answered" && placed?.ended?.outcome === "failed") return;
			if (call.outcome === "answered" || placed === null) {
				if (!this.#recorder.busy) this.#close();
				return;
			}
			const first = placed.ended === null;
			this.#patch(call.call, { ended: { outcome: call.outcome ?? "failed", quietUntil: call.quiet_until } });
			this.#quiet();
			if (first && !placed.note) this.#unanswered();
		}
	}

	#picked(call: Call): void {
		this.#close();
		this.#core.announce(this.#core.env.words.answered(this.#core.personOf(call.conv).name));
	}

	#linked(online: boolean): void {
		const placed = this.#placed.value;
		if (placed === null || placed.ended !== null || online) return;
		this.#scope.add(
			this.#core.env.clock.after(LOST_MS, () => {
				const now = this.#placed.value;
				if (now?.id === placed.id && now.ended === null && !this.#core.online)
					this.#fail(placed.id, "offline");
			}),
		);
	}

	#recorded(end: RecorderEnd): void {
		const placed = this.#placed.value;
		if (placed === null || end.target.conv !== placed.conv) return;
		if (end.how === "sent" || end.how === "queued") {
			this.#close();
			this.#core.show(end.target.conv);
		} else if (end.how === "kept") this.#close();
		else if (end.how === "undone") this.#patch(placed.id, { note: true });
		else if (placed.note) this.#backToPrompt(placed);
	}

	#backToPrompt(placed: Placed): void {
		const ended = placed.ended ?? { outcome: "cancelled" as const, quietUntil: null };
		this.#patch(placed.id, { note: false, ended });
	}

	#placedIsLive(): boolean {
		const placed = this.#placed.value;
		return placed !== null && (placed.ended === null || placed.note);
	}

	#patch(id: string, patch: Partial<Placed>): void {
		const placed = this.#placed.value;
		if (placed !== null && placed.id === id) this.#placed.value = { ...placed, ...patch };
	}

	#forget(call: string): void {
		if (!this.#calls.value.has(call)) return;
		const rest = new Map(this.#calls.value);
		const was = rest.get(call);
		rest.delete(call);
		this.#calls.value = rest;
		if (was !== undefined) this.#ringing.gone(call);
	}

	#close(): void {
		this.#quiet();
		this.#scope.end();
		this.#placed.value = null;
		if (!this.#recorder.busy) this.#recorder.warm.release();
	}

	#quiet(): void {
		this.#soundScope?.end();
		this.#soundScope = null;
	}

	#again(): void {
		this.#tick.value++;
	}

	#unanswered(): void {
		const view = this.outgoing.value;
		if (view?.phase.name !== "unanswered") return;
		const { outcome, quietUntil } = view.phase;
		this.#core.announce(this.#core.env.words.outcome(outcome, view.person.name, quietUntil));
		void this.#reopen();
	}

	/* Nobody answered this time either: what was said before is there again, paused. */
	async #reopen(): Promise<void> {
		const placed = this.#placed.value;
		if (placed === null || placed.kept === null || this.#recorder.busy) return;
		const { id, conv, kept } = placed;
		this.#patch(id, { kept: null });
		const target = { conv, name: this.#core.personOf(conv).name, call: id };
		const opened = await this.#recorder.openDraft(target, kept, (kept.segments.at(-1)?.seg ?? -1) + 1);
		if (opened.ok) this.#patch(id, { note: true });
	}

	#outgoingView(): OutgoingView | null {
		const placed = this.#placed.value;
		if (placed === null) return null;
		/* Read so that "leave a note now" appears when its time has come. */
		void this.#tick.value;
		const call = this.#calls.value.get(placed.id);
		const waitedMs = this.#core.now() - placed.startedTs;
		return {
			call: placed.id,
			conv: placed.conv,
			person: this.#core.personOf(placed.conv),
			kind: placed.kind,
			phase: phaseOf(placed, call),
			startedTs: call?.started || placed.startedTs,
			canLeaveNoteNow: canLeaveNow(placed, call, waitedMs, this.#core.limits.value.noteOfferMs),
			refused: placed.refused,
		};
	}
}
