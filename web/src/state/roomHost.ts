/* The room that this device is in, for the screens: verbs go to whatever holds its media, once that is there. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { failure, type Result } from "../wire/errors.ts";
import type { Calls } from "./calls.ts";
import type { Core } from "./core.ts";
import type { RoomKit } from "./env.ts";
import type { Recorder } from "./recorder.ts";
import { type JoinOptions, Rooms } from "./rooms.ts";
import type { Kind } from "./types/base.ts";
import type { RoomKind, RoomLayout, RoomsModel, RoomTalkView } from "./types/rooms.ts";
import type { InputView } from "./types/settings.ts";
import type { TalkModel } from "./types/talk.ts";

const SPEAKER = "speaker";
const LAYOUT = "roomLayout";

export class RoomHost implements RoomsModel {
	readonly #core: Core;
	readonly #rooms: Rooms;
	readonly #kit = signal<RoomKit | null>(null);

	readonly view: ReadonlySignal<RoomTalkView | null>;
	readonly reactions = computed(() => this.#talk?.reactions.list.value ?? []);
	readonly level = computed(() => this.#talk?.level.value ?? 0);
	readonly ownPicture = computed(() => this.#talk?.own.camera.value?.stream ?? null);
	readonly ownScreen = computed(() => this.#talk?.own.screen.value?.stream ?? null);
	readonly mirrored = computed(() => this.#talk?.own.facing.value !== "environment");
	readonly outputs = signal<{ readonly list: readonly InputView[]; readonly chosen: string }>({
		list: [],
		chosen: "",
	});
	readonly can = computed(() => {
		const devices = this.#kit.value?.ports.devices;
		return {
			screen: devices?.can.screen ?? false,
			flip: devices?.can.flip ?? false,
			output: devices?.outputs.can ?? false,
		};
	});

	constructor(core: Core, calls: Calls, between: TalkModel, recorder: Recorder) {
		this.#core = core;
		this.#rooms = new Rooms(core, calls, between.view, recorder);
		this.view = computed(() => this.#talk?.view.value ?? null);
		core.scope.add(
			this.#rooms.talk.subscribe(talk => {
				if (talk !== null) queueMicrotask(() => void this.#prepare());
			}),
		);
	}

	get byConv() {
		return this.#rooms.byConv;
	}
	get incoming() {
		return this.#rooms.incoming;
	}
	get large() {
		return this.#rooms.large;
	}
	get choice() {
		return this.#rooms.choice;
	}
	get #talk() {
		return this.#rooms.talk.value;
	}

	setLarge(on: boolean): void {
		this.#rooms.large.value = on;
	}

	choose(conv: number, kind: Kind): void {
		if (conv === 0) this.#rooms.choice.value = null;
		else this.#rooms.choose(conv, kind);
	}

	start(conv: number, kind: RoomKind, ring: boolean): Promise<Result> {
		return this.#rooms.start(conv, kind, ring);
	}

	join(room: string, options?: JoinOptions): Promise<Result> {
		return this.#rooms.join(room, options);
	}

	leave(): Promise<Result> {
		return this.#rooms.leave();
	}

	decline(room: string): Promise<Result> {
		return this.#rooms.decline(room);
	}

	silence(room: string): void {
		this.#rooms.silence(room);
	}

	grow(users: readonly number[]): Promise<Result> {
		return this.#rooms.grow(users);
	}

	invite(users: readonly number[]): Promise<Result> {
		return this.#rooms.invite(users);
	}

	callAgain(): Promise<Result> {
		return this.#rooms.callAgain();
	}

	leaveNote(kind?: Kind): Promise<Result> {
		return this.#rooms.leaveNote(kind);
	}

	setMuted(on: boolean): void {
		if (!this.view.value?.recording) this.#talk?.own.setMuted(on);
	}

	talkThrough(on: boolean): void {
		this.#talk?.own.talkThrough(on);
	}

	setCamera(on: boolean): Promise<Result> {
		return this.#talk?.own.setCamera(on) ?? gone();
	}

	flipCamera(): Promise<Result> {
		return this.#talk?.own.flip() ?? gone();
	}

	setScreen(on: boolean): Promise<Result> {
		return this.#talk?.own.setScreen(on) ?? gone();
	}

	react(emoji: string): Promise<Result> {
		return this.#talk?.reactions.send(emoji) ?? gone();
	}

	setHand(up: boolean): Promise<Result> {
		return this.#say("room.hand", { up });
	}

	keepHand(): void {
		this.#talk?.hand.keep();
	}

	setLayout(layout: RoomLayout): void {
		this.#core.env.keep.set(LAYOUT, layout);
		const stage = this.#talk?.stage;
		if (stage === undefined) return;
		stage.layout.value = layout;
		if (layout === "grid") stage.pin(null);
	}

	pin(tile: string | null): void {
		const stage = this.#talk?.stage;
		if (stage === undefined) return;
		stage.pin(tile);
		if (tile !== null) stage.layout.value = "speaker";
	}

	sized(tile: string, height: number): void {
		this.#talk?.viewing.sized(tile, height);
	}

	floats(tile: string | null, height: number): void {
		this.#talk?.viewing.floats(tile, height);
	}

	frame(tile: string): void {
		this.#talk?.stage.frame(tile);
	}

	lowerHand(user: number): Promise<Result> {
		return this.#say("room.hand", { up: false, user });
	}

	mute(user: number): Promise<Result> {
		return this.#say("room.mute", { user });
	}

	kick(user: number): Promise<Result> {
		return this.#say("room.kick", { user });
	}

	lock(on: boolean): Promise<Result> {
		return this.#say("room.lock", { on });
	}

	async loadOutputs(): Promise<Result> {
		const list = (await this.#kit.value?.ports.devices.outputs.list()) ?? [];
		this.outputs.value = { ...this.outputs.value, list };
		return { ok: true };
	}

	async setOutput(id: string): Promise<Result> {
		const done = (await this.#talk?.sink.setOutput(id)) ?? false;
		if (!done) return failure("no_device");
		this.#core.env.keep.set(SPEAKER, id === "" ? null : id);
		this.outputs.value = { ...this.outputs.value, chosen: id };
		return { ok: true };
	}

	async #say(command: string, args: object): Promise<Result> {
		const room = this.#talk?.room;
		if (room === undefined) return failure("gone");
		const told = await this.#core.tell(command, { room, ...args }, { again: true });
		if (!told.ok) this.#core.failed("call", told.code);
		return told;
	}

	async #prepare(): Promise<void> {
		this.#kit.value = await this.#rooms.load();
		if (this.#core.env.keep.get(LAYOUT) === "grid") this.setLayout("grid");
		const speaker = this.#core.env.keep.get(SPEAKER);
		if (speaker !== null) void this.setOutput(speaker);
	}
}

function gone(): Promise<Result> {
	return Promise.resolve(failure("gone"));
}
