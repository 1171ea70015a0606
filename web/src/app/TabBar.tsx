import type { IconNode } from "lucide";
import { CircleUserRound, MessageCircle, Phone } from "lucide";
import { t } from "../i18n/text.ts";
import { Icon } from "../ui/Icon.tsx";
import { Link } from "../ui/Link.tsx";
import { useApp, useRoute } from "../ui/model.ts";
import { Badge, Dot } from "../ui/Small.tsx";
import { type Tab, tabOf } from "./router.ts";

const TABS: readonly { tab: Tab; to: string; icon: IconNode; key: "nav-chats" | "nav-calls" | "nav-you" }[] =
	[
		{ tab: "chats", to: "/", icon: MessageCircle, key: "nav-chats" },
		{ tab: "calls", to: "/calls", icon: Phone, key: "nav-calls" },
		{ tab: "you", to: "/you", icon: CircleUserRound, key: "nav-you" },
	];

export function TabBar() {
	const { chats } = useApp();
	const route = useRoute();
	const at = tabOf(route.path);
	const unread = chats.unreadTotal.value;
	const missed = chats.all.value.some(chat => chat.missedNew);
	return (
		<nav class="tabs" aria-label={t("nav-main")}>
			{TABS.map(({ tab, to, icon, key }) => (
				<Link key={tab} to={to} current={tab === at}>
					<span class="tab-icon">
						<Icon of={icon} size="l" />
						{tab === "chats" && unread > 0 && <Badge count={unread} label={t("unread", { count: unread })} />}
						{tab === "calls" && missed && <Dot label={t("filter-missed")} />}
					</span>
					<span>{t(key)}</span>
				</Link>
			))}
		</nav>
	);
}
