/* Settings of this device, and those of the account. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { BAD } from "../wire/decode.ts";
import { failure, type Result } from "../wire/errors.ts";
import { me as meOf } from "../wire/types.ts";
import type { Core } from "./core.ts";
import type { InputView, NotifyState, Prefs, SettingsModel } from "./types/settings.ts";

interface Inputs {
	readonly microphones: readonly InputView[];
	readonly cameras: readonly InputView[];
}

export class Settings implements SettingsModel {
	readonly #core: Core;
	readonly #notifications: ReturnType<typeof signal<NotifyState>>;
	readonly #inputs = signal<Inputs>({ microphones: [], cameras: [] });

	constructor(core: Core) {
		this.#core = core;
		const off = core.env.keep.get("notify") === "off";
		this.#notifications = signal<NotifyState>(
			off && core.env.notify.state === "on" ? "off" : core.env.notify.state,
		);
	}

	get prefs(): ReadonlySignal<Prefs> {
		return this.#core.prefs;
	}
	get notifications(): ReadonlySignal<NotifyState> {
		return this.#notifications as ReadonlySignal<NotifyState>;
	}
	get inputs(): ReadonlySignal<Inputs> {
		return this.#inputs;
	}

	set<K extends keyof Prefs>(name: K, value: Prefs[K]): void {
		this.#core.setPref(name, value);
	}

	async enableNotifications(): Promise<Result> {
		const state = await this.#core.env.notify.ask();
		this.#core.env.keep.set("notify", null);
		this.#notifications.value = state;
		return state === "on" ? { ok: true } : failure("denied");
	}

	disableNotifications(): void {
		this.#core.env.keep.set("notify", "off");
		if (this.#notifications.value === "on") this.#notifications.value = "off";
	}

	async loadInputs(): Promise<Result> {
		try {
			this.#inputs.value = await this.#core.env.inputs();
			return { ok: true };
		} catch {
			return failure("no_device");
		}
	}

	testSound(): void {
		const stop = this.#core.env.sounds.loop("ring");
		this.#core.env.clock.after(2_500, stop);
	}

	setName(name: string): Promise<Result> {
		return this.#set({ name: name.trim() });
	}

	setReceipts(on: boolean): Promise<Result> {
		return this.#set({ receipts: on });
	}

	setHideDecline(on: boolean): Promise<Result> {
		return this.#set({ hide_decline: on });
	}

	setQuiet(untilTs: number, share: boolean): Promise<Result> {
		return this.#set({ quiet_until: untilTs === 0 ? 0 : this.#core.there(untilTs), quiet_share: share });
	}

	async #set(what: object): Promise<Result> {
		const answer = await this.#core.ask("me.set", what, { again: true });
		if (!answer.ok) {
			this.#core.failed("settings", answer.code);
			return failure(answer.code);
		}
		const me = meOf(answer.body.me);
		if (me !== BAD) this.#core.me.value = me;
		return { ok: true };
	}
}
