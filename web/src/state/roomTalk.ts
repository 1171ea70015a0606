/* The room that this device is in, from joining to leaving: connection, own devices, whose picture stands where. */
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { Scope } from "../lib/scope.ts";
import type { RoomPeer, RoomPorts, RoomSink } from "../media/roomPorts.ts";
import type { Capture } from "../media/talkPorts.ts";
import type { ErrorCode, Result } from "../wire/errors.ts";
import type { Room } from "../wire/rooms.ts";
import type { WireEvent } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { HandHint } from "./handHint.ts";
import { OwnMedia } from "./ownMedia.ts";
import { Reactions } from "./reactions.ts";
import { RoomLink } from "./roomLink.ts";
import { RoomStage } from "./roomStage.ts";
import { RoomViewing } from "./roomViewing.ts";
import { mineOf } from "./roomViews.ts";
import { qualityOf } from "./talk.ts";
import type { PersonView } from "./types/base.ts";
import type { RoomTalkView, RoomView } from "./types/rooms.ts";
import type { Quality, TalkSide } from "./types/talk.ts";

const STATS_MS = 1_000;
const LEVEL_MS = 80;
const TOLD_MS = 6_000;

export type RoomEnd = "moved" | "removed" | "refused";

export interface RoomTalkParts {
	readonly core: Core;
	readonly ports: RoomPorts;
	readonly view: ReadonlySignal<RoomView | null>;
	readonly snapshot: () => Room | undefined;
	/* A microphone that is being opened already. */
	readonly microphone: Promise<Result<{ capture: Capture }>> | null;
	readonly muted: boolean;
	readonly camera: boolean;
	/* This device is in it already, by an earlier page. */
	readonly again: boolean;
	/* The call between two that it takes the place of still goes on. */
	readonly taking: ReadonlySignal<boolean>;
	/* A note is being recorded: not for the ears of the room. */
	readonly recording: ReadonlySignal<boolean>;
	apply(room: Room): void;
	ended(why: RoomEnd, code?: ErrorCode): void;
}

export class RoomTalk {
	readonly room: string;
	readonly scope = new Scope();
	readonly view: ReadonlySignal<RoomTalkView | null>;
	readonly level = signal(0);
	readonly own: OwnMedia;
	readonly link: RoomLink;
	readonly sink: RoomSink;
	readonly stage: RoomStage;
	readonly viewing: RoomViewing;
	readonly reactions: Reactions;
	readonly hand: HandHint;
	readonly #parts: RoomTalkParts;
	readonly #core: Core;
	readonly #pictures: boolean;
	readonly #quality = signal<Quality | null>(null);
	readonly #mutedBy: Signal<PersonView | null> = signal(null);
	readonly #joined = signal(false);
	#offVoices: () => void = () => {};
	#offMutedBy: () => void = () => {};
	#lost = 0;
	/* The server has told that mine is the one that is shared. */
	#screenSeen = false;
	#told = "";

	constructor(room: Room, parts: RoomTalkParts) {
		const { core, ports } = parts;
		const { scope } = this;
		this.room = room.room;
		this.#parts = parts;
		this.#core = core;
		this.#pictures = room.kind !== "chat";
		this.sink = ports.sink();
		scope.add(() => this.sink.close());
		this.viewing = new RoomViewing(core, room.room, scope);
		this.reactions = new Reactions(core, room.room, scope);
		this.stage = new RoomStage(core, parts.view, scope);
		this.link = new RoomLink(room.room, {
			core,
			ports,
			scope,
			pictures: this.#pictures,
			again: parts.again,
			mine: () => this.#mine(),
			taken: (now, peer) => {
				this.#screenSeen = false;
				this.stage.connected(peer);
				parts.apply(now);
			},
			joined: peer => this.#agreed(peer),
			refused: code => parts.ended("refused", code),
		});
		this.own = new OwnMedia(
			{
				core,
				devices: ports.devices,
				scope,
				send: (slot, track) => this.link.send(slot, track),
				changed: () => this.#tell(false),
			},
			parts.microphone,
		);
		this.hand = new HandHint(() => this.#me()?.hand !== null && this.own.heard);
		if (parts.muted) this.own.setMuted(true);
		if (parts.camera && this.#pictures) void this.own.setCamera(true);
		this.view = computed(() => this.#view());
		this.#listen();
		this.#watch();
		scope.add(ports.devices.keepAwake());
		this.link.start();
	}

	/* Whether media has flowed at all. */
	get flows(): boolean {
		return this.link.state.value === "connected";
	}

	end(): void {
		this.scope.end();
	}

	#listen(): void {
		const { core, taking, recording } = this.#parts;
		this.scope.add(
			core.socket.events.on(event => {
				if ("room" in event && event.room === this.room) this.#event(event);
			}),
		);
		/* The server was away. Media does not need it; but it may have lost us. */
		this.scope.add(core.socket.hellos.on(() => queueMicrotask(() => this.#cameBack())));
		this.scope.add(effect(() => this.sink.setQuiet(taking.value)));
		this.scope.add(effect(() => this.own.hold(recording.value)));
		this.scope.add(effect(() => this.#screenTaken()));
	}

	#event(event: WireEvent): void {
		if (event.ev === "room.slots") {
			this.stage.assign(event.slots);
			/* Somebody has come, perhaps anew: what was said of their picture before was not of this one. */
			this.viewing.again();
		}
		if (event.ev === "room.speakers") this.stage.speakers.value = event;
		else if (event.ev === "room.layers") this.link.want(event.rids, event.screen);
		else if (event.ev === "room.hint") this.#hint(event.why, event.by);
	}

	#hint(why: string, by: number | null): void {
		if (why === "restarted" || why === "reconnect") this.link.renew();
		else if (why === "moved" || why === "removed") this.#parts.ended(why);
		else if (why === "muted") {
			this.own.setMuted(true);
			this.#mutedBy.value = by === null ? null : this.#core.person(by);
			this.#offMutedBy();
			this.#offMutedBy = this.#core.env.clock.after(TOLD_MS, () => {
				this.#mutedBy.value = null;
			});
			this.scope.add(() => this.#offMutedBy());
		}
	}

	/* One screen at a time: whoever shares after me takes the place of mine. */
	#screenTaken(): void {
		const shown = this.#me()?.screen ?? false;
		if (shown) this.#screenSeen = true;
		else if (this.#screenSeen) {
			this.#screenSeen = false;
			if (this.own.screen.peek() !== null) queueMicrotask(() => void this.own.setScreen(false));
		}
	}

	#agreed(peer: RoomPeer): void {
		this.#joined.value = true;
		this.stage.ready();
		const before = this.#offVoices;
		const voices = peer.voices();
		this.#offVoices = this.sink.play(voices);
		before();
		this.#tell(true);
		this.viewing.again();
	}

	#cameBack(): void {
		const room = this.#parts.snapshot();
		if (this.scope.ended || room === undefined || !this.#joined.value) return;
		const mine = mineOf(this.#core, room);
		const known = mine?.state === "joined" && mine.device === this.#core.device.value;
		if (!known) this.link.renew();
		else this.#tell(true);
	}

	#watch(): void {
		const { clock } = this.#core.env;
		this.scope.add(clock.every(STATS_MS, () => void this.#measure()));
		this.scope.add(
			clock.every(LEVEL_MS, () =>
				batch(() => {
					const level = this.own.level();
					this.level.value = level;
					this.hand.heard(level, LEVEL_MS);
				}),
			),
		);
	}

	async #measure(): Promise<void> {
		const stats = (await this.link.peer?.stats()) ?? null;
		if (this.scope.ended) return;
		if (stats === null) {
			this.#quality.value = null;
			return;
		}
		/* Some seconds weigh in, so that the mark does not flicker. */
		this.#lost = this.#lost * 0.6 + stats.lost * 0.4;
		this.#quality.value = qualityOf(this.#lost, stats.rttMs ?? 0);
	}

	#mine(): TalkSide {
		/* Asked while this is being made, too. */
		const own: OwnMedia | undefined = this.own;
		if (own === undefined) return { muted: this.#parts.muted, camera: false, screen: false };
		return {
			muted: !own.heard || own.microphoneTrouble.value !== null,
			camera: own.camera.value !== null,
			screen: own.screen.value !== null,
		};
	}

	/* Again: a new connection knows nothing. */
	#tell(again: boolean): void {
		if (this.scope.ended || !this.#joined.value) return;
		const mine = this.#mine();
		const told = JSON.stringify(mine);
		if (!again && told === this.#told) return;
		this.#told = told;
		void this.#core.tell("room.state", { room: this.room, ...mine }).then(said => {
			if (!said.ok) this.#told = "";
		});
	}

	#me() {
		return this.#parts.view.value?.people.find(person => person.me) ?? null;
	}

	#view(): RoomTalkView | null {
		const room = this.#parts.view.value;
		if (room === null) return null;
		const link = this.link.state.value;
		const me = this.#me();
		return {
			...this.stage.view.value,
			room,
			link,
			quality: link === "connected" ? this.#quality.value : null,
			mine: this.#mine(),
			me,
			pictures: this.#pictures,
			handHint: me?.hand !== null && this.hand.hint.value,
			mutedBy: this.#mutedBy.value,
			microphone: this.own.microphoneTrouble.value,
			camera: this.own.cameraTrouble.value,
			prompt: promptOf(room),
			taking: this.#parts.taking.value,
			recording: this.own.held.value,
		};
	}
}

function promptOf(room: RoomView): RoomTalkView["prompt"] {
	if (!room.mine || room.kind === "chat" || room.count > 1) return "none";
	if (room.state === "ringing") return "ringing";
	return room.state === "waiting" ? "noOne" : "none";
}
