/* The words for groups: who is in one, who writes, what was done to it. */
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { GroupChange, GroupView, PersonView } from "../state/types/base.ts";

/* So many names are read; more are counted. */
const NAMED = 3;

export function firstName(person: PersonView): string {
	return person.name.trim().split(/\s+/u)[0] ?? "";
}

/** "Carla, Dan, Eva and 2 others" */
export function nameList(names: readonly string[]): string {
	if (names.length <= NAMED) return format.list(names);
	const named = names.slice(0, NAMED - 1);
	return format.list([...named, t("more-people", { count: names.length - named.length })]);
}

/** "Ana is typing", "Ana and Ben are typing" */
export function typingLine(people: readonly PersonView[]): string {
	return t("are-typing", { names: nameList(people.map(firstName)), count: people.length });
}

export function memberLine(group: GroupView): string {
	return group.members.map(({ me, person }) => (me ? t("you") : firstName(person))).join(", ");
}

/** "Ana added Carla" */
export function changeLine(change: GroupChange): string {
	const by = change.by?.name ?? "";
	const mine = change.by === null ? "yes" : "no";
	const names = change.users.map(person => person.name);
	const who = nameList(change.withMe ? [t("you-object"), ...names] : names);
	/* The server makes somebody an admin in their own name, when nobody else is left. */
	const self = change.by === null ? change.withMe : change.users[0]?.id === change.by.id;
	switch (change.did) {
		case "created":
		case "named":
			return t(`did-${change.did}`, { by, mine, group: change.name });
		case "pictured":
		case "left":
			return t(`did-${change.did}`, { by, mine });
		case "added":
		case "removed":
			return t(`did-${change.did}`, { by, mine, who });
		case "admin":
		case "unadmin":
			return self ? t(`is-${change.did}`, { by, mine }) : t(`did-${change.did}`, { by, mine, who });
	}
}
