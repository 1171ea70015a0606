import { Inbox, MessageCirclePlus, PhoneMissed, SearchX, SquarePen } from "lucide";
import { t } from "../i18n/text.ts";
import { chatOfPath } from "../lib/routes.ts";
import type { ChatFilter } from "../state/types/chats.ts";
import { Button } from "../ui/Button.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { useApp, useRoute } from "../ui/model.ts";
import { Chips, EmptyState, Skeleton } from "../ui/Small.tsx";
import { SearchBox } from "../ui/TextField.tsx";
import { ChatRow } from "./ChatRow.tsx";
import { Waves } from "./glyphs.ts";

function RowSkeletons() {
	return (
		<div class="chat-rows" role="status">
			<span class="sr">{t("loading")}</span>
			{[62, 44, 70, 52, 38].map(width => (
				<div class="chat-row" key={width}>
					<span class="skeleton avatar" />
					<span class="lines">
						<Skeleton width={`${width}%`} />
						<Skeleton width={`${width + 18}%`} height={12} />
					</span>
				</div>
			))}
		</div>
	);
}

function NothingHere({ filter, query, onNew }: { filter: ChatFilter; query: string; onNew: () => void }) {
	const { chats } = useApp();
	const all = () => {
		chats.setFilter("all");
		chats.setQuery("");
	};
	if (query !== "") {
		return (
			<EmptyState icon={SearchX} title={t("chats-none-found")} text={t("chats-none-found-text", { query })}>
				<Button onClick={all}>{t("show-all")}</Button>
			</EmptyState>
		);
	}
	if (filter === "all") {
		return (
			<EmptyState icon={Inbox} title={t("chats-empty-title")} text={t("chats-empty-text")}>
				<Button kind="main" icon={MessageCirclePlus} onClick={onNew}>
					{t("find-people")}
				</Button>
			</EmptyState>
		);
	}
	const missed = filter === "missed";
	return (
		<EmptyState
			icon={missed ? PhoneMissed : Waves}
			title={missed ? t("chats-none-missed") : t("chats-none-unheard")}
			text={missed ? t("chats-none-missed-text") : t("chats-none-unheard-text")}
		>
			<Button onClick={all}>{t("show-all")}</Button>
		</EmptyState>
	);
}

export function ChatList({ onNew }: { onNew: () => void }) {
	const { chats } = useApp();
	const route = useRoute();
	const current = chatOfPath(route.path);
	const list = chats.list.value;
	const filter = chats.filter.value;
	return (
		<section class="pane-list" aria-labelledby="chats-title">
			<header class="pane-head">
				<h1 id="chats-title">{t("nav-chats")}</h1>
				<IconButton icon={SquarePen} label={t("new-chat")} onClick={onNew} />
			</header>
			<div class="pane-tools">
				<SearchBox label={t("search")} value={chats.query.value} onInput={query => chats.setQuery(query)} />
				<Chips<ChatFilter>
					label={t("filter")}
					value={filter}
					options={[
						{ value: "all", label: t("filter-all") },
						{ value: "missed", label: t("filter-missed") },
						{ value: "unheard", label: t("filter-unheard") },
					]}
					onChange={value => chats.setFilter(value)}
				/>
			</div>
			<nav class="pane-scroll" aria-label={t("nav-chats")}>
				{!chats.loaded.value && <RowSkeletons />}
				{chats.loaded.value && list.length === 0 && (
					<NothingHere filter={filter} query={chats.query.value} onNew={onNew} />
				)}
				{list.length > 0 && (
					<ul class="chat-rows">
						{list.map(chat => (
							<ChatRow key={chat.conv} chat={chat} current={chat.conv === current} />
						))}
					</ul>
				)}
			</nav>
		</section>
	);
}
