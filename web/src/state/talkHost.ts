/* Holds the media of the call that this device is in. Its code comes later than the page; a call that is answered before waits for it. */
import { computed, effect, type ReadonlySignal, signal, untracked } from "@preact/signals";
import type { Capture } from "../media/talkPorts.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Calls } from "./calls.ts";
import type { Core } from "./core.ts";
import type { DeviceKeys } from "./deviceKeys.ts";
import type { TalkKit } from "./env.ts";
import type { Prepared } from "./prepared.ts";
import { underWay } from "./recorderView.ts";
import type { Talk } from "./talk.ts";
import type { AnsweredView } from "./types/calls.ts";
import type { RecorderModel } from "./types/recorder.ts";
import type { InputView } from "./types/settings.ts";
import type { ElsewhereView, TalkModel, TalkView } from "./types/talk.ts";

type Opening = Promise<Result<{ capture: Capture }>>;

const SPEAKER = "speaker";
const PRELOAD_MS = 500;

export class TalkHost implements TalkModel {
	readonly #core: Core;
	readonly #calls: Calls;
	readonly #recording: ReadonlySignal<boolean>;
	readonly #talk = signal<Talk | null>(null);
	readonly #loaded = signal<{ readonly kit: TalkKit; readonly keys: DeviceKeys } | null>(null);
	#loading: Promise<void> | null = null;
	#microphone: Opening | null = null;
	#prepared: Prepared | null = null;

	readonly view: ReadonlySignal<TalkView | null> = computed(() => {
		const answered = this.#calls.answered.value;
		if (answered === null) return null;
		const talk = this.#talk.value;
		return talk?.call === answered.call ? talk.view.value : connecting(answered);
	});
	readonly elsewhere: ReadonlySignal<readonly ElsewhereView[]>;
	readonly level = computed(() => this.#talk.value?.level.value ?? 0);
	readonly theirLevel = computed(() => this.#talk.value?.theirLevel.value ?? 0);
	readonly ownPicture = computed(() => this.#talk.value?.own.camera.value?.stream ?? null);
	readonly ownScreen = computed(() => this.#talk.value?.own.screen.value?.stream ?? null);
	readonly theirPicture = computed(() => this.#talk.value?.theirPicture.value ?? null);
	readonly theirScreen = computed(() => this.#talk.value?.theirScreen.value ?? null);
	readonly mirrored = computed(() => this.#talk.value?.own.facing.value !== "environment");
	readonly outputs = signal<{ readonly list: readonly InputView[]; readonly chosen: string }>({
		list: [],
		chosen: "",
	});
	readonly can = computed(() => {
		const devices = this.#loaded.value?.kit.ports.devices;
		return {
			screen: devices?.can.screen ?? false,
			flip: devices?.can.flip ?? false,
			output: devices?.outputs.can ?? false,
		};
	});

	constructor(core: Core, calls: Calls, recorder: RecorderModel) {
		this.#core = core;
		this.#calls = calls;
		this.#recording = computed(() => underWay(recorder));
		this.elsewhere = calls.elsewhere;
		const going = computed(() => calls.answered.value?.call ?? null);
		core.scope.add(effect(() => this.#follow(going.value)));
		core.scope.add(() => this.#talk.value?.end());
		core.scope.add(
			core.socket.hellos.on(() => core.scope.add(core.env.clock.after(PRELOAD_MS, () => void this.load()))),
		);
		/* Asked for the microphone while it rings, not when they have answered; and opened in the moment of answering. */
		const wanted = computed(() => wantsMicrophone(calls));
		const coming = computed(() => comingOf(calls));
		core.scope.add(
			effect(() => {
				const want = wanted.value;
				void coming.value;
				queueMicrotask(() => void this.#prepare(want));
			}),
		);
	}

	/* The code, and the key of this device. */
	load(): Promise<void> {
		this.#loading ??= this.#load();
		return this.#loading;
	}

	setMuted(on: boolean): void {
		this.#talk.value?.own.setMuted(on);
	}

	talkThrough(on: boolean): void {
		this.#talk.value?.own.talkThrough(on);
	}

	setCamera(on: boolean): Promise<Result> {
		return this.#talk.value?.setCamera(on) ?? gone();
	}

	flipCamera(): Promise<Result> {
		return this.#talk.value?.own.flip() ?? gone();
	}

	setScreen(on: boolean): Promise<Result> {
		return this.#talk.value?.own.setScreen(on) ?? gone();
	}

	reply(how: "camera" | "watch" | "no"): Promise<Result> {
		return this.#talk.value?.reply(how) ?? gone();
	}

	confirmKey(): void {
		void this.#talk.value?.link.confirm();
	}

	async loadOutputs(): Promise<Result> {
		const list = (await this.#loaded.value?.kit.ports.devices.outputs.list()) ?? [];
		this.outputs.value = { ...this.outputs.value, list };
		return { ok: true };
	}

	async setOutput(id: string): Promise<Result> {
		const done = (await this.#talk.value?.sink.setOutput(id)) ?? false;
		if (!done) return failure("no_device");
		this.#core.env.keep.set(SPEAKER, id === "" ? null : id);
		this.outputs.value = { ...this.outputs.value, chosen: id };
		return { ok: true };
	}

	moveHere(call: string): Promise<Result> {
		return this.#calls.move(call);
	}

	leave(): Promise<Result> {
		return this.#calls.hangUp();
	}

	async #load(): Promise<void> {
		try {
			const kit = await this.#core.env.talk();
			const keys = new kit.DeviceKeys(this.#core);
			this.#loaded.value = { kit, keys };
			void keys.ready();
		} catch {
			/* Without a network: asked again the next time it is needed. */
			this.#loading = null;
		}
	}

	#follow(call: string | null): void {
		const talk = this.#talk.peek();
		if (talk !== null && talk.call !== call) {
			talk.end();
			this.#talk.value = null;
		}
		if (call === null || talk?.call === call) return;
		/* Before the screen is drawn: that takes longer than a word to the server. */
		if (this.#loaded.peek() !== null) untracked(() => this.#begin(call));
		else void this.load().then(() => this.#begin(call));
	}

	#begin(call: string): void {
		const loaded = this.#loaded.value;
		const answered = this.#calls.answered.value;
		if (loaded === null || answered?.call !== call || this.#talk.value !== null) return;
		const microphone = this.#microphone;
		this.#microphone = null;
		let prepared = this.#prepared;
		this.#prepared = null;
		/* Both called at once, and it was the other's that was answered. */
		if (prepared !== null && prepared.call !== call) {
			prepared.close();
			prepared = null;
		}
		/* The view of a call that has ended stays what it was until this is gone, too. */
		let last: AnsweredView = answered;
		const going = computed(() => {
			const now = this.#calls.answered.value;
			if (now?.call === call) last = now;
			return last;
		});
		this.#talk.value = new loaded.kit.Talk(going, {
			core: this.#core,
			ports: loaded.kit.ports,
			keys: loaded.keys,
			microphone,
			prepared,
			recording: this.#recording,
			failed: () => this.#calls.failedToConnect(call),
		});
		const speaker = this.#core.env.keep.get(SPEAKER);
		if (speaker !== null) void this.setOutput(speaker);
	}

	async #prepare(want: "no" | "ask" | "now"): Promise<void> {
		if (want === "no") {
			if (this.#calls.answered.value === null) this.#release();
			return;
		}
		await this.load();
		this.#write();
		const devices = this.#loaded.value?.kit.ports.devices;
		if (devices === undefined || this.#microphone !== null || this.#talk.value !== null) return;
		/* While I wait for them, only what would ask me; what is allowed opens in no time. */
		if (want === "ask" && (await devices.allowed())) return;
		if (this.#microphone !== null || wantsMicrophone(this.#calls) === "no") return;
		this.#microphone = devices.microphone(this.#core.prefs.value.microphone);
	}

	/* What we shall say of ourselves, as soon as it is answered. */
	#write(): void {
		const loaded = this.#loaded.value;
		const coming = comingOf(this.#calls);
		if (loaded === null || coming === null || this.#prepared?.call === coming.call) return;
		this.#prepared?.close();
		const { kit, keys } = loaded;
		this.#prepared = new kit.Prepared(coming.call, coming.kind, kit.ports, keys);
	}

	#release(): void {
		this.#prepared?.close();
		this.#prepared = null;
		const opening = this.#microphone;
		this.#microphone = null;
		void opening?.then(opened => {
			if (opened.ok) opened.capture.close();
		});
	}
}

function wantsMicrophone(calls: Calls): "no" | "ask" | "now" {
	if (calls.incoming.value.some(call => call.answering)) return "now";
	const phase = calls.outgoing.value?.phase.name;
	return phase === "reaching" || phase === "ringing" ? "ask" : "no";
}

/* The call that I may be in next. */
function comingOf(calls: Calls): { readonly call: string; readonly kind: "offer" | "answer" } | null {
	const answering = calls.incoming.value.find(call => call.answering);
	if (answering !== undefined) return { call: answering.call, kind: "answer" };
	const placed = calls.outgoing.value;
	const waits = placed?.phase.name === "reaching" || placed?.phase.name === "ringing";
	return placed !== null && waits ? { call: placed.call, kind: "offer" } : null;
}

function gone(): Promise<Result> {
	return Promise.resolve(failure("gone"));
}

function connecting(answered: AnsweredView): TalkView {
	const off = { muted: false, camera: false, screen: false };
	const { call, conv, person, answeredTs, kind } = answered;
	return {
		call,
		conv,
		person,
		answeredTs,
		kind,
		link: "connecting",
		quality: null,
		mine: off,
		theirs: off,
		ask: "none",
		trust: "checking",
		safetyCode: null,
		microphone: null,
		camera: null,
		recording: false,
	};
}
