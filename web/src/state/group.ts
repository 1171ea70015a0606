/* What a group is and what was done to it, as I see it. Pure. */
import type { GroupBody, GroupConv } from "../wire/types.ts";
import type { GroupChange, GroupView, MemberView, PersonView } from "./types/base.ts";

export const pictureUrl = (blob: string) => `/picture/${blob}`;

export type PersonOf = (user: number) => PersonView;

export function changeOf(from: number, body: GroupBody, me: number, person: PersonOf): GroupChange {
	return {
		did: body.did,
		by: from === me ? null : person(from),
		users: body.users.filter(user => user !== me).map(person),
		withMe: body.users.includes(me),
		name: body.name ?? "",
	};
}

export function groupView(conv: GroupConv, me: number, person: PersonOf): GroupView {
	const { name, picture, members } = conv.group;
	const all = members.map(
		({ user, admin }): MemberView => ({ person: person(user), me: user === me, admin }),
	);
	const others = all.filter(member => !member.me);
	others.sort((a, b) => a.person.name.localeCompare(b.person.name) || a.person.id - b.person.id);
	return {
		conv: conv.conv,
		name,
		picture: picture === null ? null : pictureUrl(picture),
		members: [...others, ...all.filter(member => member.me)],
		admin: all.some(member => member.me && member.admin),
		left: conv.left,
	};
}
