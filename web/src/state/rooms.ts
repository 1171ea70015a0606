/* Group calls and voice chats, as this device sees them: those that are open in my chats, those that ring here, the one that I am in. The
 * server decides; a lower `rev` is stale. One call or room at a time. */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { BAD } from "../wire/decode.ts";
import { type ErrorCode, failure, type Result } from "../wire/errors.ts";
import { type Room, room as roomOf } from "../wire/rooms.ts";
import type { Hello } from "../wire/types.ts";
import type { Calls } from "./calls.ts";
import type { Core } from "./core.ts";
import type { RoomKit } from "./env.ts";
import type { Recorder, RecorderEnd } from "./recorder.ts";
import { underWay } from "./recorderView.ts";
import { RoomRinging } from "./roomRinging.ts";
import type { RoomEnd, RoomTalk } from "./roomTalk.ts";
import { isIn, mineOf, roomView } from "./roomViews.ts";
import { Strangers } from "./strangers.ts";
import type { Kind } from "./types/base.ts";
import type { RoomChoice, RoomIncomingView, RoomKind, RoomView } from "./types/rooms.ts";
import type { TalkView } from "./types/talk.ts";

/* The server rings so many others without being asked twice. */
const MANY = 8;
const INVITE_MAX = 32;
/* In a call that grows, the other's media comes a moment after they are in. */
const HANDOVER_MS = 1_500;
const HANDOVER_LATE_MS = 15_000;
/* More people than this make no sounds when they come and go. */
const QUIET_FROM = 9;

export interface JoinOptions {
	readonly muted?: boolean;
	readonly camera?: boolean;
}

export class Rooms {
	readonly byConv: ReadonlySignal<ReadonlyMap<number, RoomView>>;
	readonly incoming: ReadonlySignal<readonly RoomIncomingView[]>;
	readonly choice = signal<RoomChoice | null>(null);
	readonly talk = signal<RoomTalk | null>(null);
	readonly large = signal(false);
	/* A call between two that becomes this room still goes on. */
	readonly taking = signal(false);
	readonly #core: Core;
	readonly #calls: Calls;
	/* The call between two that this device is in. */
	readonly #between: ReadonlySignal<TalkView | null>;
	readonly #recorder: Recorder;
	readonly #recording: ReadonlySignal<boolean>;
	readonly #ringing: RoomRinging;
	readonly #rooms = signal<ReadonlyMap<string, Room>>(new Map());
	readonly #rings = signal<ReadonlyMap<string, readonly number[]>>(new Map());
	/* Left here: what was under way does not bring this device back. */
	readonly #left = new Set<string>();
	readonly #strangers: Strangers;
	#entering: string | null = null;
	#kit: Promise<RoomKit | null> | null = null;

	constructor(core: Core, calls: Calls, between: ReadonlySignal<TalkView | null>, recorder: Recorder) {
		this.#core = core;
		this.#strangers = new Strangers(core);
		this.#calls = calls;
		this.#between = between;
		this.#recorder = recorder;
		this.#recording = computed(() => underWay(recorder));
		const busy = () => this.talk.value !== null || calls.engaged;
		this.#ringing = new RoomRinging(core, this.#rooms, busy);
		this.incoming = this.#ringing.views;
		this.byConv = computed(() => {
			const views = [...this.#rooms.value.values()].map(room => this.#viewOf(room));
			return new Map(views.map(view => [view.conv, view]));
		});
		calls.elsewhereEngaged = () => this.talk.value !== null;
		calls.onTaken = () => void this.leave();
		core.scope.add(core.socket.hellos.on(hello => this.#hello(hello)));
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "room") this.apply(event.room);
				else if (event.ev === "room.speakers")
					this.#rings.value = new Map(this.#rings.value).set(event.room, event.ring);
			}),
		);
		core.scope.add(recorder.ends.on(end => this.#recorded(end)));
		core.scope.add(() => this.talk.value?.end());
	}

	viewOf(id: string): ReadonlySignal<RoomView | null> {
		return computed(() => {
			const room = this.#rooms.value.get(id);
			return room === undefined ? null : this.#viewOf(room);
		});
	}

	choose(conv: number, kind: Kind): void {
		const open = this.byConv.value.get(conv);
		if (open !== undefined) {
			void this.join(open.room, { camera: kind === "video" });
			return;
		}
		const known = this.#core.convs.value.get(conv);
		if (known?.kind !== "group") return;
		const others = known.group.members.filter(one => one.user !== this.#core.me.value?.id).length;
		this.choice.value = { conv, kind, others, many: others > MANY };
	}

	async start(conv: number, kind: RoomKind, ring: boolean): Promise<Result> {
		const many = this.choice.value?.many ?? false;
		this.choice.value = null;
		const id = this.#core.newId();
		const args = { room: id, conv, kind, ring, confirmed: ring && many };
		const answer = await this.#core.ask("room.start", args, { timeoutMs: 10_000 });
		const room = answer.ok ? roomOf(answer.body.room) : BAD;
		if (room === BAD) return this.#refused(answer.ok ? "bad_answer" : answer.code);
		this.apply(room);
		return this.join(room.room, { camera: kind === "video" });
	}

	async join(id: string, options: JoinOptions = {}): Promise<Result> {
		const room = this.#rooms.value.get(id);
		if (room === undefined) return failure("gone");
		const mine = mineOf(this.#core, room);
		const before = isIn(mine) ? mine : null;
		const muted =
			options.muted ?? before?.muted ?? (room.kind === "chat" && this.#core.prefs.value.joinMuted);
		if (room.kind === "chat" && options.muted !== undefined) this.#core.setPref("joinMuted", muted);
		return this.#enter(room, { muted, camera: options.camera ?? before?.camera ?? false }, false);
	}

	async leave(): Promise<Result> {
		const talk = this.talk.value;
		if (talk === null) return { ok: true };
		const id = talk.room;
		this.#left.add(id);
		this.#close();
		if (this.#noteFor(id)) await this.#recorder.keepAs("closed");
		return this.#core.tell("room.leave", { room: id }, { again: true });
	}

	decline(id: string): Promise<Result> {
		this.#ringing.over(id);
		return this.#core.tell("room.decline", { room: id }, { again: true });
	}

	silence(id: string): void {
		this.#ringing.silence(id);
	}

	/* From a call between two. */
	async grow(users: readonly number[]): Promise<Result> {
		const call = this.#calls.answered.value;
		if (call === null) return failure("gone");
		const args = { call: call.call, room: this.#core.newId(), users, kind: call.kind };
		const answer = await this.#core.ask("call.grow", args, { again: true });
		const room = answer.ok ? roomOf(answer.body.room) : BAD;
		if (room === BAD) return this.#refused(answer.ok ? "bad_answer" : answer.code);
		this.apply(room);
		return { ok: true };
	}

	async invite(users: readonly number[]): Promise<Result> {
		const id = this.talk.value?.room;
		if (id === undefined) return failure("gone");
		for (let at = 0; at < users.length; at += INVITE_MAX) {
			const some = users.slice(at, at + INVITE_MAX);
			const told = await this.#core.tell("room.invite", { room: id, users: some }, { again: true });
			if (!told.ok) return this.#refused(told.code);
		}
		return { ok: true };
	}

	async callAgain(): Promise<Result> {
		const room = this.#rooms.value.get(this.talk.value?.room ?? "");
		const conv = this.#core.convs.value.get(room?.conv ?? 0);
		if (room === undefined || conv?.kind !== "group") return failure("gone");
		const inside = new Set(room.people.filter(isIn).map(person => person.user));
		return this.invite(conv.group.members.map(one => one.user).filter(user => !inside.has(user)));
	}

	async leaveNote(kind?: Kind): Promise<Result> {
		const view = this.viewOf(this.talk.value?.room ?? "").value;
		if (view === null) return failure("gone");
		const target = { conv: view.conv, name: view.group.name, call: view.room };
		return this.#recorder.begin(target, kind ?? (view.kind === "video" ? "video" : "voice"));
	}

	/* The newest of a room, wherever it came from. A hello's is it in any case: a server that started anew counts anew. */
	apply(room: Room, fresh = false): void {
		const known = this.#rooms.value.get(room.room);
		if (!fresh && known !== undefined && room.rev < known.rev) return;
		if (room.state === "ended") {
			this.#over(room);
			return;
		}
		const inside = this.talk.peek()?.room === room.room;
		if (inside && known !== undefined) this.#heard(known, room);
		this.#rooms.value = new Map(this.#rooms.value).set(room.room, room);
		void this.#strangers.meet([room.by, ...room.people.map(one => one.user)]).then(() => {
			const now = this.#rooms.value.get(room.room);
			if (now !== undefined) this.#ringing.changed(now);
		});
		const mine = mineOf(this.#core, room);
		if (!isIn(mine) || mine?.device !== this.#core.device.value) this.#left.delete(room.room);
		/* Somebody came after all: what was being said to nobody waits as a draft. */
		const came = known?.state === "waiting" && room.state === "live";
		if (came && this.#noteFor(room.room)) void this.#recorder.keepAs("answered");
		const call = this.#calls.answered.peek();
		if (call !== null && room.from_call === call.call && !inside && this.#entering !== room.room)
			void this.#takeOver(room, call.call);
	}

	snapshot(id: string): Room | undefined {
		return this.#rooms.peek().get(id);
	}

	load(): Promise<RoomKit | null> {
		this.#kit ??= this.#core.env.room().catch(() => {
			/* Without a network: asked again the next time it is needed. */
			this.#kit = null;
			return null;
		});
		return this.#kit;
	}

	async #enter(room: Room, options: Required<JoinOptions>, again: boolean): Promise<Result> {
		const id = room.room;
		if (this.talk.value?.room === id || this.#entering === id) return { ok: true };
		this.#entering = id;
		this.#ringing.answering(id, true);
		const kit = await this.load();
		const still = this.#rooms.value.get(id);
		const wanted = this.#entering === id;
		if (wanted) this.#entering = null;
		this.#ringing.answering(id, false);
		if (!wanted || still === undefined) return failure("gone");
		if (kit === null) return this.#refused("offline");
		await this.#makeRoom(still);
		this.#ringing.over(id);
		this.#left.delete(id);
		this.large.value = still.kind !== "chat";
		this.talk.value = new kit.RoomTalk(still, {
			core: this.#core,
			ports: kit.ports,
			view: this.viewOf(id),
			snapshot: () => this.snapshot(id),
			microphone: null,
			muted: options.muted,
			camera: options.camera,
			again,
			taking: this.taking,
			recording: this.#recording,
			apply: now => this.apply(now),
			ended: (why, code) => this.#ended(id, why, code),
		});
		return { ok: true };
	}

	/* What else goes on here ends, but for the call that becomes this room. */
	async #makeRoom(room: Room): Promise<void> {
		if (this.talk.value !== null) void this.leave();
		if (this.#recorder.busy) await this.#recorder.keepAs("answered");
		const call = this.#calls.answered.value;
		if (call !== null && call.call !== room.from_call) void this.#calls.hangUp();
	}

	/* The call between two goes on until both are in the room and something flows. */
	async #takeOver(room: Room, call: string): Promise<void> {
		this.taking.value = true;
		const mine = this.#between.value?.mine;
		const side = { muted: mine?.muted ?? false, camera: mine?.camera ?? false };
		const entered = await this.#enter(room, side, false);
		const talk = this.talk.value;
		if (!entered.ok || talk?.room !== room.room) {
			this.taking.value = false;
			return;
		}
		const other = this.#calls.answered.value?.person.id;
		const { clock } = this.#core.env;
		let off: () => void = () => {};
		const done = () => {
			this.taking.value = false;
			if (this.#calls.answered.value?.call === call) void this.#calls.hangUp();
		};
		const late = clock.after(HANDOVER_LATE_MS, () => talk.flows && done());
		talk.scope.add(late);
		talk.scope.add(() => {
			this.taking.value = false;
		});
		talk.scope.add(
			effect(() => {
				const now = this.#rooms.value.get(room.room);
				const both = now?.people.some(one => one.user === other && one.state === "joined") ?? false;
				const ready = talk.link.state.value === "connected" && both;
				off();
				if (ready && this.taking.peek()) off = clock.after(HANDOVER_MS, done);
			}),
		);
		talk.scope.add(() => off());
		/* They have hung up, or it broke: nothing is left to take over. */
		talk.scope.add(
			effect(() => {
				if (this.#calls.answered.value?.call !== call)
					queueMicrotask(() => {
						this.taking.value = false;
					});
			}),
		);
	}

	#hello(hello: Hello): void {
		const open = new Map(hello.rooms.map(room => [room.room, room]));
		const gone = [...this.#rooms.value.values()].filter(room => !open.has(room.room));
		batch(() => {
			for (const room of gone) this.#over({ ...room, state: "ended" });
			for (const room of open.values()) this.apply(room, true);
		});
		/* This page was loaded again in the middle of it. */
		for (const room of open.values()) {
			const mine = mineOf(this.#core, room);
			const here = isIn(mine) && mine?.device === this.#core.device.value;
			if (!here || this.talk.value !== null || this.#left.has(room.room)) continue;
			void this.#enter(room, { muted: mine.muted, camera: mine.camera }, true);
		}
	}

	#over(room: Room): void {
		const rest = new Map(this.#rooms.value);
		rest.delete(room.room);
		this.#rooms.value = rest;
		this.#ringing.gone(room.room);
		this.#left.delete(room.room);
		if (this.#entering === room.room) this.#entering = null;
		if (this.talk.value?.room === room.room) this.#close();
	}

	#ended(id: string, why: RoomEnd, code?: ErrorCode): void {
		if (this.talk.value?.room !== id) return;
		this.#left.add(id);
		/* Asked for by what is about to end. */
		queueMicrotask(() => {
			if (this.talk.value?.room === id) this.#close();
		});
		if (why !== "refused") this.#core.toast({ type: "room", why });
		else if (code === "gone" && this.#rooms.value.has(id)) this.#core.toast({ type: "room", why: "removed" });
		else this.#refused(code ?? "internal");
	}

	#close(): void {
		this.talk.value?.end();
		this.talk.value = null;
		this.taking.value = false;
	}

	#refused(code: ErrorCode): Result<never> {
		if (code === "conflict") this.#core.toast({ type: "room", why: "locked" });
		else if (code === "full") this.#core.toast({ type: "room", why: "full" });
		else this.#core.failed("call", code);
		return failure(code);
	}

	/* Who comes, goes, and raises a hand is heard by those inside; not over somebody's speech. */
	#heard(before: Room, now: Room): void {
		const me = this.#core.me.value?.id;
		const was = new Set(before.people.filter(isIn).map(person => person.user));
		const is = new Set(now.people.filter(isIn).map(person => person.user));
		const came = [...is].filter(user => user !== me && !was.has(user));
		const went = [...was].filter(user => user !== me && !is.has(user));
		const hand = now.hands.some(user => user !== me && !before.hands.includes(user));
		const { words, sounds } = this.#core.env;
		const few = is.size < QUIET_FROM;
		const speech = (this.#rings.peek().get(now.room) ?? []).length > 0;
		if (few) for (const user of came) this.#core.announce(words.joinedRoom(this.#core.person(user).name));
		if (few) for (const user of went) this.#core.announce(words.leftRoom(this.#core.person(user).name));
		if (speech) return;
		if (hand) sounds.play("hand");
		else if (few && came.length > 0) sounds.play("joined");
		else if (few && went.length > 0) sounds.play("left");
	}

	/* The note is on its way: the chat is what there is to see; the room stays open for whoever comes. */
	#recorded(end: RecorderEnd): void {
		const talk = this.talk.value;
		if (talk === null || end.target.call !== talk.room) return;
		if (end.how !== "sent" && end.how !== "queued") return;
		this.large.value = false;
		this.#core.show(end.target.conv);
	}

	#noteFor(room: string): boolean {
		const view = this.#recorder.view.peek();
		return view.state !== "idle" && view.target.call === room && this.#recorder.busy;
	}

	#viewOf(room: Room): RoomView {
		const ring = this.#rings.value.get(room.room) ?? [];
		return roomView(this.#core, room, ring, this.talk.value?.room === room.room);
	}
}
