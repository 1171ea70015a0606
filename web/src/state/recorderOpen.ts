/* From the tap to the first sound: the input, the countdown of a video note, the recording's first lines. */
import { effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../lib/clock.ts";
import type { Scope } from "../lib/scope.ts";
import type { Input } from "../media/ports.ts";
import type { LocalRec } from "../media/storage.ts";
import type { Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { RecordingKit } from "./env.ts";
import type { OpenRecording } from "./openRecording.ts";
import type { Kind } from "./types/base.ts";
import type { RecTarget } from "./types/recorder.ts";
import type { Warm } from "./warm.ts";

const COUNTDOWN_MS = 3_000;

/* A camera that fails leaves a voice note; one that was forbidden is asked about. */
export async function openInput(
	warm: Warm,
	kit: RecordingKit,
	kind: Kind,
): Promise<Result<{ input: Input; cameraFailed: boolean }>> {
	const opened = await warm.take(kit, kind);
	if (opened.ok) return { ok: true, input: opened.input, cameraFailed: false };
	if (kind === "voice" || opened.code === "denied") return opened;
	const voice = await warm.take(kit, "voice");
	return voice.ok ? { ok: true, input: voice.input, cameraFailed: true } : opened;
}

export class Countdown {
	readonly #clock: Clock;
	readonly #ms = signal(0);
	#skip: () => void = () => {};

	constructor(clock: Clock) {
		this.#clock = clock;
	}

	get ms(): ReadonlySignal<number> {
		return this.#ms;
	}

	skip(): void {
		this.#skip();
	}

	/* Resolves when it is over, skipped, or the scope ended; in the last case `abandoned` was called. */
	async run(scope: Scope, abandoned: () => void): Promise<void> {
		const until = this.#clock.now() + COUNTDOWN_MS;
		this.#ms.value = COUNTDOWN_MS;
		const own = scope.child();
		await new Promise<void>(resolve => {
			own.add(() => {
				if (scope.ended) abandoned();
				resolve();
			});
			const tick = () => {
				this.#ms.value = Math.max(0, until - this.#clock.now());
			};
			own.add(this.#clock.every(100, tick));
			own.add(this.#clock.after(COUNTDOWN_MS, resolve));
			this.#skip = resolve;
		});
		this.#skip = () => {};
		own.end();
	}
}

export function newLocal(core: Core, target: RecTarget, kind: Kind): LocalRec {
	return {
		rec: core.newId(),
		conv: target.conv,
		call: target.call,
		kind,
		segments: [],
		createdTs: core.now(),
		ms: 0,
		fragments: 0,
		levels: { values: [], stride: 1 },
		state: "open",
		cid: null,
		peaks: [],
	};
}

/* Says once how much time is left. */
export function tellLimit(core: Core, session: OpenRecording): () => void {
	const near = session.recording.nearLimit(session.maxMs - core.limits.value.warnMs);
	return effect(() => {
		if (near.value) core.announce(core.env.words.secondsLeft(core.limits.value.warnMs));
	});
}
