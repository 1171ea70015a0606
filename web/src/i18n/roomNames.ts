import type { RoomPerson } from "../state/types/rooms.ts";
import * as format from "./format.ts";
import { t } from "./roomText.ts";

/** "Ana, Ben, Carla and 2 more" */
export function someNames(all: readonly string[], most: number): string {
	if (all.length <= most + 1) return format.list(all);
	return format.list([...all.slice(0, most), t("more-names", { count: all.length - most })]);
}

/** The others by name, then "you". */
export function namesOf(people: readonly RoomPerson[], most: number): string {
	const others = people.filter(one => !one.me).map(one => one.person.name);
	return someNames(people.some(one => one.me) ? [...others, t("room-you")] : others, most);
}
