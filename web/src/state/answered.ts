/* What is to be said of answered calls. Pure. */
import type { Call } from "../wire/types.ts";
import type { Core } from "./core.ts";
import type { Placed } from "./outgoing.ts";
import type { AnsweredView } from "./types/calls.ts";
import type { ElsewhereView } from "./types/talk.ts";

/* The call in which this device is. */
export function answeredOf(core: Core, calls: ReadonlyMap<string, Call>): AnsweredView | null {
	for (const call of calls.values()) {
		if (call.state !== "answered" || !call.mine) continue;
		return { ...elsewhereView(core, call), turned: call.turned, outgoing: call.from === core.me.value?.id };
	}
	return null;
}

/* Those in which another device of mine is. */
export function elsewhereOf(core: Core, calls: ReadonlyMap<string, Call>): readonly ElsewhereView[] {
	const me = core.me.value?.id;
	return [...calls.values()]
		.filter(call => call.state === "answered" && !call.mine && (call.from === me || call.to === me))
		.map(call => elsewhereView(core, call));
}

/* It was answered, but nothing came through: its screen is there again, with the note. */
export function neverConnected(view: AnsweredView): Placed {
	return {
		id: view.call,
		conv: view.conv,
		kind: view.kind,
		startedTs: view.answeredTs,
		asked: true,
		ended: { outcome: "failed", quietUntil: null },
		note: false,
		refused: null,
		kept: null,
	};
}

function elsewhereView(core: Core, call: Call): ElsewhereView {
	return {
		call: call.call,
		conv: call.conv,
		person: core.personOf(call.conv),
		kind: call.kind,
		answeredTs: core.here(call.answered ?? call.started),
	};
}
