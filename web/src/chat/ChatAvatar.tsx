import type { GroupView, PersonView } from "../state/types/base.ts";
import { Avatar } from "../ui/Avatar.tsx";

export interface ChatAvatarProps {
	of: { readonly person: PersonView; readonly group: GroupView | null };
	size?: "s" | "m" | "l";
	/* Says whether they are there. */
	online?: boolean;
}

/** Whom a chat is with: a person, or a group with its picture. */
export function ChatAvatar({ of: { person, group }, size = "m", online = false }: ChatAvatarProps) {
	const { id, name } = person;
	if (group) return <Avatar id={id} name={name} size={size} picture={group.picture} group />;
	return <Avatar id={id} name={name} size={size} online={online && person.online > 0} />;
}
