/* The media of one answered call, from the moment it is answered to its end: connection, own devices, what the other side says of
 * itself. Nothing of ours leaves before: this is made when the server has said "answered". */
import { batch, computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import { Scope } from "../lib/scope.ts";
import type { Capture, Sink, TalkPorts } from "../media/talkPorts.ts";
import type { Result } from "../wire/errors.ts";
import { Asking } from "./asking.ts";
import type { Core } from "./core.ts";
import type { DeviceKeys } from "./deviceKeys.ts";
import { Link } from "./link.ts";
import { OwnMedia } from "./ownMedia.ts";
import type { Prepared } from "./prepared.ts";
import type { AnsweredView } from "./types/calls.ts";
import type { Quality, TalkSide, TalkView } from "./types/talk.ts";

const CONNECT_MS = 15_000;
const STATS_MS = 1_000;
const LEVEL_MS = 80;

export interface TalkParts {
	readonly core: Core;
	readonly ports: TalkPorts;
	readonly keys: DeviceKeys;
	/* A microphone that is being opened already. */
	readonly microphone: Promise<Result<{ capture: Capture }>> | null;
	readonly prepared: Prepared | null;
	/* Never connected: nothing more is to be expected. */
	failed(): void;
}

export class Talk {
	readonly call: string;
	readonly scope = new Scope();
	readonly view: ReadonlySignal<TalkView>;
	readonly level = signal(0);
	readonly theirLevel = signal(0);
	readonly theirPicture: ReadonlySignal<MediaStream | null>;
	readonly theirScreen: ReadonlySignal<MediaStream | null>;
	readonly own: OwnMedia;
	readonly link: Link;
	readonly sink: Sink;
	readonly #asking: Asking;
	readonly #core: Core;
	readonly #arrived = signal<{ picture: MediaStream | null; screen: MediaStream | null }>({
		picture: null,
		screen: null,
	});
	readonly #theirs = signal<TalkSide>({ muted: false, camera: false, screen: false });
	readonly #quality = signal<Quality | null>(null);
	#lost = 0;
	#told = "";

	constructor(answered: ReadonlySignal<AnsweredView>, parts: TalkParts) {
		const { core, ports } = parts;
		const { call, kind, turned, outgoing } = answered.peek();
		this.call = call;
		this.#core = core;
		this.sink = parts.prepared?.sink ?? ports.sink();
		this.sink.onChange = () => this.#sinkChanged();
		this.scope.add(() => this.sink.close());
		this.link = new Link(call, {
			core,
			ports,
			keys: parts.keys,
			sink: this.sink,
			scope: this.scope,
			outgoing,
			prepared: parts.prepared,
			joined: () => this.#tell(true),
		});
		this.own = new OwnMedia(
			{
				core,
				devices: ports.devices,
				scope: this.scope,
				send: (slot, track) => this.link.send(slot, track),
				changed: () => this.#tell(false),
			},
			parts.microphone,
		);
		this.#asking = new Asking(call, core, this.scope, () => void this.own.setCamera(true));
		/* What they have agreed to holds on another device of mine, too; but no camera goes on there by itself. */
		if (kind === "video" || turned) this.#asking.agreed.value = true;
		if (kind === "video") void this.own.setCamera(true);
		this.theirPicture = computed(() =>
			this.#theirs.value.camera && this.#asking.agreed.value ? this.#arrived.value.picture : null,
		);
		this.theirScreen = computed(() => (this.#theirs.value.screen ? this.#arrived.value.screen : null));
		this.view = computed(() => this.#view(answered.value));
		this.#listen();
		this.#watch(parts.failed);
		this.scope.add(ports.devices.keepAwake());
	}

	async setCamera(on: boolean): Promise<Result> {
		if (on && !this.#asking.agreed.value)
			return this.#asking.state.value === "asks" ? this.reply("camera") : this.#asking.ask();
		return this.own.setCamera(on);
	}

	async reply(how: "camera" | "watch" | "no"): Promise<Result> {
		const told = this.#asking.reply(how !== "no");
		if (how === "camera") void this.own.setCamera(true);
		return told;
	}

	end(): void {
		this.scope.end();
	}

	#listen(): void {
		const { socket } = this.#core;
		this.scope.add(
			socket.events.on(event => {
				if (event.ev !== "media.state" || event.call !== this.call) return;
				if (event.user === this.#core.me.value?.id) return;
				this.#theirs.value = { muted: event.muted, camera: event.camera, screen: event.screen };
			}),
		);
	}

	#watch(failed: () => void): void {
		const { clock } = this.#core.env;
		let connected = false;
		this.scope.add(
			effect(() => {
				connected ||= this.link.state.value === "connected";
			}),
		);
		this.scope.add(
			clock.after(CONNECT_MS, () => {
				if (!connected) failed();
			}),
		);
		this.scope.add(clock.every(STATS_MS, () => void this.#measure()));
		this.scope.add(
			clock.every(LEVEL_MS, () =>
				batch(() => {
					/* A second after it has connected: measuring takes time that the first sound would wait for. */
					this.level.value = this.#quality.value === null ? 0 : this.own.level();
					this.theirLevel.value = this.sink.level();
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

	#sinkChanged(): void {
		this.#arrived.value = { picture: this.sink.picture, screen: this.sink.screen };
	}

	#mine(): TalkSide {
		return {
			muted: !this.own.heard || this.own.microphoneTrouble.value !== null,
			camera: this.own.camera.value !== null,
			screen: this.own.screen.value !== null,
		};
	}

	/* Again: the other side has lost what it knew. */
	#tell(again: boolean): void {
		if (this.scope.ended) return;
		const mine = this.#mine();
		const told = JSON.stringify(mine);
		if (!again && told === this.#told) return;
		this.#told = told;
		void this.#core.tell("media.state", { call: this.call, ...mine }, { again: true });
	}

	#view(answered: AnsweredView): TalkView {
		return {
			call: answered.call,
			conv: answered.conv,
			person: answered.person,
			answeredTs: answered.answeredTs,
			kind: this.#asking.agreed.value ? "video" : "voice",
			link: this.link.state.value,
			quality: this.link.state.value === "connected" ? this.#quality.value : null,
			mine: this.#mine(),
			theirs: this.#theirs.value,
			ask: this.#asking.state.value,
			trust: this.link.trust.value,
			safetyCode: this.link.safetyCode.value,
			microphone: this.own.microphoneTrouble.value,
			camera: this.own.cameraTrouble.value,
		};
	}
}

export function qualityOf(lost: number, rttMs: number): Quality {
	if (lost < 0.03 && rttMs < 300) return "good";
	return lost < 0.12 && rttMs < 700 ? "fair" : "poor";
}
