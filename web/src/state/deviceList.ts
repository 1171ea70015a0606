/* The devices on which I am signed in. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { array, BAD, bool, int, object, orElse, positive, text } from "../wire/decode.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { DevicesModel, DeviceView } from "./types/settings.ts";

const devices = array(
	object({
		id: positive,
		name: text(1024),
		created: orElse(int, 0),
		seen: orElse(int, 0),
		current: orElse(bool, false),
	}),
	10_000,
);

export class DeviceList implements DevicesModel {
	readonly #core: Core;
	readonly #list = signal<readonly DeviceView[]>([]);
	readonly #loading = signal(false);

	constructor(core: Core) {
		this.#core = core;
	}

	get list(): ReadonlySignal<readonly DeviceView[]> {
		return this.#list;
	}
	get loading(): ReadonlySignal<boolean> {
		return this.#loading;
	}

	async load(): Promise<Result> {
		this.#loading.value = this.#list.value.length === 0;
		const answer = await this.#core.ask("device.list", {}, { again: true });
		this.#loading.value = false;
		if (!answer.ok) return failure(answer.code);
		const list = devices(answer.body.devices);
		if (list === BAD) return failure("bad_answer");
		this.#list.value = list.map(({ id, name, created, seen, current }) => ({
			id,
			name,
			createdTs: created,
			seenTs: seen,
			current,
		}));
		return { ok: true };
	}

	async rename(device: number, name: string): Promise<Result> {
		const result = await this.#core.tell("device.rename", { device, name: name.trim() }, { again: true });
		if (result.ok)
			this.#list.value = this.#list.value.map(one =>
				one.id === device ? { ...one, name: name.trim() } : one,
			);
		return result;
	}

	async revoke(device: number): Promise<Result> {
		const result = await this.#core.tell("device.revoke", { device }, { again: true });
		if (result.ok) this.#list.value = this.#list.value.filter(one => one.id !== device);
		return result;
	}
}
