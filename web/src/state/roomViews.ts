/* What is to be said of rooms. Pure. */
import type { Room, WirePerson } from "../wire/rooms.ts";
import type { Core } from "./core.ts";
import { pictureUrl } from "./group.ts";
import type { PersonView } from "./types/base.ts";
import type { RoomIncomingView, RoomPerson, RoomView } from "./types/rooms.ts";

export const isIn = (person: WirePerson | undefined) =>
	person?.state === "joined" || person?.state === "away";

export function mineOf(core: Core, room: Room): WirePerson | undefined {
	const me = core.me.value?.id;
	return room.people.find(person => person.user === me);
}

/* The chat by its name; of a chat that is not mine, whoever invites. */
export function groupOf(core: Core, room: Room): PersonView {
	return core.convs.value.has(room.conv) ? core.personOf(room.conv) : core.person(room.by);
}

function groupFace(core: Core, room: Room): Pick<RoomIncomingView, "ofGroup" | "picture"> {
	const conv = core.convs.value.get(room.conv);
	if (conv?.kind !== "group") return { ofGroup: false, picture: null };
	const { picture } = conv.group;
	return { ofGroup: true, picture: picture === null ? null : pictureUrl(picture) };
}

export function roomView(core: Core, room: Room, ring: readonly number[], here: boolean): RoomView {
	const me = core.me.value?.id;
	const mine = mineOf(core, room);
	const elsewhere = isIn(mine) && mine?.device !== core.device.value;
	return {
		room: room.room,
		conv: room.conv,
		group: groupOf(core, room),
		kind: room.kind,
		state: room.state === "ended" ? "live" : room.state,
		by: core.person(room.by),
		mine: room.by === me,
		startedTs: core.here(room.started),
		locked: room.locked,
		mayModerate: room.may_moderate,
		people: room.people.map(person => personView(core, room, person, ring)),
		count: room.people.filter(isIn).length,
		here: here ? "here" : elsewhere ? "elsewhere" : "no",
	};
}

function personView(core: Core, room: Room, person: WirePerson, ring: readonly number[]): RoomPerson {
	const hand = room.hands.indexOf(person.user);
	const here = isIn(person);
	return {
		person: core.person(person.user),
		me: person.user === core.me.value?.id,
		state: person.state,
		here,
		muted: person.muted,
		camera: here && person.camera,
		screen: here && person.screen,
		speaking: here && !person.muted && ring.includes(person.user),
		hand: here && hand >= 0 ? hand + 1 : null,
		guest: person.guest,
	};
}

export function incomingView(core: Core, room: Room): Omit<RoomIncomingView, "waiting" | "answering"> {
	return {
		room: room.room,
		conv: room.conv,
		group: groupOf(core, room),
		...groupFace(core, room),
		by: core.person(room.by),
		kind: room.kind === "video" ? "video" : "voice",
		startedTs: core.here(room.started),
	};
}
