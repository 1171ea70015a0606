/* What is said outside the page, or spoken, when something arrives: one notification a chat, and one for a missed call that its note
 * takes the place of. */
import type { Entry, GroupBody } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { isMissed, isMissedRoom, type Logs } from "./logs.ts";

export function startNotices(core: Core, logs: Logs): void {
	core.scope.add(logs.arrivals.on(entry => notice(core, entry)));
}

function notice(core: Core, entry: Entry): void {
	if (entry.from === core.me.value?.id) return;
	const text = textOf(core, entry);
	if (text === null) return;
	/* Who is looking at the chat sees it; for everybody else it is spoken once. */
	if (entry.kind === "note" || !core.shown.value.has(entry.conv)) core.announce(text);
	const quiet = (core.me.value?.quiet_until ?? 0) > core.now();
	if (core.env.page.visible() || quiet || core.env.keep.get("notify") === "off") return;
	const tag = entry.call === null ? `chat-${entry.conv}` : tagOf({ call: entry.call });
	core.env.notify.show({ tag, title: text, conv: entry.conv, ringing: false });
}

function textOf(core: Core, entry: Entry): string | null {
	const { words } = core.env;
	const name = authorOf(core, entry);
	if (entry.kind === "group") return changeText(core, entry.from, entry.conv, entry.body);
	if (entry.kind === "text") return words.textArrived(name);
	if (entry.kind === "call")
		return isMissed(entry.body.outcome) ? words.missedCall(entry.body.kind, name) : null;
	if (entry.kind === "room" || entry.kind === "roomAmend") {
		const { kind } = entry.body;
		const missed = entry.kind === "room" && isMissedRoom(entry.body, core.me.value?.id ?? 0);
		return missed ? words.missedRoom(kind, core.personOf(entry.conv).name) : null;
	}
	if (entry.kind !== "note") return null;
	const { kind, duration_ms } = entry.body;
	if (entry.call === null) return words.noteArrived(kind, name, duration_ms);
	return words.missedCallWithNote(kind, name, duration_ms);
}

/* "Ben", in a group "Ben in Garden". */
function authorOf(core: Core, entry: Entry): string {
	const { name } = core.person(entry.from);
	const conv = core.convs.value.get(entry.conv);
	return conv?.kind === "group" ? core.env.words.inGroup(name, conv.group.name) : name;
}

/* Of what is done to a group, only what is done to me is news. */
function changeText(core: Core, from: number, conv: number, { did, users }: GroupBody): string | null {
	if (!users.includes(core.me.value?.id ?? 0)) return null;
	const { words } = core.env;
	const { name } = core.person(from);
	const group = core.personOf(conv).name;
	if (did === "created" || did === "added") return words.addedToGroup(name, group);
	return did === "removed" ? words.removedFromGroup(name, group) : null;
}

/* The missed call and its note take the place of the ringing notification: one tag a call. */
export function tagOf(call: { readonly call: string }): string {
	return `call-${call.call}`;
}
