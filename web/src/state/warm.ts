/* A microphone that is already open when somebody taps: opened when the ring starts, if that asks the person nothing. */
import type { Input } from "../media/ports.ts";
import type { Result } from "../wire/errors.ts";
import type { Kind } from "../wire/types.ts";
import type { Core } from "./core.ts";
import type { RecordingKit } from "./env.ts";

export class Warm {
	readonly #core: Core;
	#turn = 0;
	#input: Input | null = null;
	#opening: Promise<void> | null = null;

	constructor(core: Core) {
		this.#core = core;
	}

	prepare(kind: Kind): void {
		this.release();
		const turn = ++this.#turn;
		this.#opening = this.#open(kind, turn).catch(() => {});
	}

	release(): void {
		this.#turn++;
		this.#input?.close();
		this.#input = null;
		this.#opening = null;
	}

	/* The prepared one where there is one of that kind, else a new one. */
	async take(kit: RecordingKit, kind: Kind): Promise<Result<{ input: Input }>> {
		await this.#opening;
		const input = this.#input;
		this.#input = null;
		if (input !== null && input.kind === kind) return { ok: true, input };
		input?.close();
		return kit.devices.open(this.#wanted(kind));
	}

	async #open(kind: Kind, turn: number): Promise<void> {
		const kit = await this.#core.kit();
		if (kit === null || turn !== this.#turn || !(await kit.devices.allowed(kind)) || turn !== this.#turn)
			return;
		const opened = await kit.devices.open(this.#wanted(kind));
		if (!opened.ok) return;
		if (turn === this.#turn) this.#input = opened.input;
		else opened.input.close();
	}

	#wanted(kind: Kind): { kind: Kind; microphone: string; camera: string } {
		const { microphone, camera } = this.#core.prefs.value;
		return { kind, microphone, camera };
	}
}
