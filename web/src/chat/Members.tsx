import { EllipsisVertical, MessageCircle, Shield, ShieldOff, UserMinus } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import { chatPath } from "../lib/routes.ts";
import type { GroupView, MemberView } from "../state/types/base.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Menu, type MenuItem } from "../ui/Menu.tsx";
import { run, useApp, useRoute } from "../ui/model.ts";

/* What one may do to a member; nothing else is shown. */
function useItems(group: GroupView, onRemove: (member: MemberView) => void) {
	const { groups, chats } = useApp();
	const route = useRoute();
	const admins = group.members.filter(member => member.admin).length;
	const write = async (user: number) => {
		const opened = await chats.open(user);
		if (opened.ok) route.go(chatPath(opened.conv));
	};
	return (member: MemberView): MenuItem[] => {
		const { id, name } = member.person;
		const items: MenuItem[] = [];
		if (!member.me)
			items.push({ label: t("group-message", { name }), icon: MessageCircle, run: () => run(write(id)) });
		if (!group.admin) return items;
		const set = (on: boolean) => run(groups.setAdmin(group.conv, id, on));
		if (!member.admin) items.push({ label: t("group-make-admin"), icon: Shield, run: () => set(true) });
		else if (admins > 1)
			items.push({ label: t("group-dismiss-admin"), icon: ShieldOff, run: () => set(false) });
		if (!member.me) {
			const remove = () => onRemove(member);
			items.push({ label: t("group-remove"), icon: UserMinus, danger: true, run: remove });
		}
		return items;
	};
}

export function Members({ group }: { group: GroupView }) {
	const { groups } = useApp();
	const [removing, setRemoving] = useState<MemberView | null>(null);
	const itemsOf = useItems(group, setRemoving);
	const count = group.members.length;
	return (
		<>
			<h3 id="members">{t("group-members", { count })}</h3>
			<ul class="members" aria-labelledby="members">
				{group.members.map(member => {
					const { id, name, username, online } = member.person;
					const items = itemsOf(member);
					return (
						<li key={id}>
							<Avatar id={id} name={name} size="s" online={!member.me && online > 0} />
							<span class="who">
								<bdi>{member.me ? t("you") : name}</bdi>
								<small>{username}</small>
							</span>
							{member.admin && <span class="mark">{t("group-admin")}</span>}
							{items.length > 0 && (
								<Menu icon={EllipsisVertical} label={t("group-options", { name })} items={items} />
							)}
						</li>
					);
				})}
			</ul>
			{removing && (
				<Confirm
					title={t("group-remove-title", { name: removing.person.name })}
					text={t("group-remove-body")}
					yes={t("group-remove")}
					onYes={() => run(groups.remove(group.conv, removing.person.id))}
					onClose={() => setRemoving(null)}
				/>
			)}
		</>
	);
}
