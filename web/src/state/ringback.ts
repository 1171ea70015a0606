/* The soft pulse that the caller hears. It begins when somebody's device rings, not before. */
import type { ReadonlySignal } from "@preact/signals";
import type { Scope } from "../lib/scope.ts";
import type { Sounds } from "../media/ports.ts";
import type { Call } from "../wire/types.ts";

/* Sounds until the scope ends, or the returned one. */
export function ringback(
	within: Scope,
	sounds: Sounds,
	calls: ReadonlySignal<ReadonlyMap<string, Call>>,
	placed: () => string | undefined,
): Scope {
	let stop: () => void = () => {};
	const sound = within.child();
	const off = calls.subscribe(all => {
		const id = placed();
		if (id === undefined || all.get(id)?.state !== "ringing" || sound.ended) return;
		queueMicrotask(() => {
			if (sound.ended) return;
			stop();
			stop = sounds.loop("ringback");
			off();
		});
	});
	sound.add(() => {
		off();
		stop();
	});
	return sound;
}
