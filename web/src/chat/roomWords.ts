/* The words for a group call or voice chat in the log, and for one that is open. */
import type { IconNode } from "lucide";
import { AudioLines, Phone, PhoneMissed, Video } from "lucide";
import { namesOf, someNames } from "../i18n/roomNames.ts";
import { t } from "../i18n/roomText.ts";
import type { RoomPerson, RoomView } from "../state/types/rooms.ts";
import type { RoomEntry, RoomKind } from "../state/types/thread.ts";
import { noteSummary } from "./names.ts";

const NAMED = 4;

export function kindGlyph(kind: RoomKind): IconNode {
	if (kind === "chat") return AudioLines;
	return kind === "video" ? Video : Phone;
}

export function roomGlyph(entry: RoomEntry, open: RoomView | null): IconNode {
	return entry.missed && !open ? PhoneMissed : kindGlyph(entry.kind);
}

/* While it is open nobody has missed it. */
export function roomTitle(entry: RoomEntry, open: RoomView | null): string {
	if (entry.mine && entry.outcome === "no_one_joined" && open?.state !== "live") return t("room-no-one");
	return entry.missed && !open ? t("room-missed") : t(`room-${entry.kind}`);
}

/* Whole minutes; what was shorter than one in seconds. */
function roomLength(ms: number): string {
	const minutes = Math.round(ms / 60_000);
	if (minutes >= 1) return t("room-minutes", { count: minutes });
	return t("room-seconds", { count: Math.max(1, Math.round(ms / 1000)) });
}

/** "Ana and you in it", "Nobody is in it yet" */
export function whoIsIn(people: readonly RoomPerson[]): string {
	const there = people.filter(one => one.here);
	return there.length === 0 ? t("room-in-it-nobody") : t("room-in-it", { names: namesOf(there, NAMED) });
}

/** How long, and who was there; or that nobody came. */
export function roomFacts(entry: RoomEntry, open: RoomView | null): readonly string[] {
	if (open && open.state !== "waiting") return [whoIsIn(open.people)];
	if (entry.outcome === "no_one_joined") {
		if (open && !entry.mine) return [t("room-no-one-yet")];
		if (entry.missed) return [t("room-no-one")];
		return entry.kind === "chat" ? [] : [t(`room-${entry.kind}`)];
	}
	const facts: string[] = [];
	if (entry.durationMs !== null && entry.durationMs > 0) facts.push(roomLength(entry.durationMs));
	const there = someNames(entry.meThere ? [...entry.people, t("room-you")] : entry.people, NAMED);
	return there === "" ? facts : [...facts, there];
}

/** "Group voice call, 12 min, Ana, Ben and Carla." */
export function roomName(entry: RoomEntry, open: RoomView | null): string {
	const sentence = `${[roomTitle(entry, open), ...roomFacts(entry, open)].join(", ")}.`;
	return entry.note ? `${sentence} ${noteSummary(entry.note)}` : sentence;
}
