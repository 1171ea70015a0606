import { MessageCircle } from "lucide";
import { useEffect, useState } from "preact/hooks";
import { ChatList } from "../chat/ChatList.tsx";
import { Drafts } from "../chat/DraftCard.tsx";
import { Thread } from "../chat/Thread.tsx";
import { t } from "../i18n/text.ts";
import { chatOfPath, chatPath } from "../lib/routes.ts";
import { useApp, useRoute } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { EmptyState } from "../ui/Small.tsx";
import { ConnectionStrip } from "./ConnectionStrip.tsx";
import { recordShortcut } from "./effects.ts";
import {
	CallBar,
	CallsPage,
	InCall,
	Incoming,
	InRoom,
	LiveStrip,
	NewChat,
	Outgoing,
	preloadScreens,
	RecordBar,
	RecordElsewhere,
	RoomCallBar,
	RoomStart,
	RoomStrip,
	YouPage,
} from "./later.ts";
import { tabOf } from "./router.ts";
import { TabBar } from "./TabBar.tsx";

function useWanted(): void {
	const app = useApp();
	const route = useRoute();
	const wanted = app.wanted.value;
	useEffect(() => {
		if (!wanted) return;
		route.go(chatPath(wanted.conv));
		app.shown();
	}, [app, route, wanted]);
}

function ListPane({ conv, onNew }: { conv: number | null; onNew: () => void }) {
	const { drafts } = useApp();
	const route = useRoute();
	switch (tabOf(route.path)) {
		case "chats":
			return (
				<div class="list-side">
					<Drafts drafts={drafts.list.value.filter(draft => draft.conv !== conv)} />
					<ChatList onNew={onNew} />
				</div>
			);
		case "calls":
			return <CallsPage />;
		case "you":
			return <YouPage />;
	}
}

/* Their code comes when there is a room. */
function Rooms({ bar }: { bar?: boolean }) {
	const { rooms } = useApp();
	const view = rooms.view.value;
	if (bar) return view && !rooms.large.value ? <RoomCallBar /> : null;
	return (
		<>
			{view && <InRoom />}
			{rooms.choice.value && <RoomStart />}
		</>
	);
}

function Live({ conv }: { conv: number }) {
	const { rooms } = useApp();
	return (
		<>
			{rooms.byConv.value.has(conv) && <RoomStrip conv={conv} />}
			<LiveStrip conv={conv} />
		</>
	);
}

function Nothing() {
	return (
		<main class="thread nothing" aria-label={t("pick-chat-title")}>
			<EmptyState icon={MessageCircle} title={t("pick-chat-title")} text={t("pick-chat-text")} />
		</main>
	);
}

export function Shell() {
	const app = useApp();
	const route = useRoute();
	const [finding, setFinding] = useState(false);
	const conv = chatOfPath(route.path);
	useWanted();
	useEffect(preloadScreens, []);
	useEffect(() => recordShortcut(app, () => chatOfPath(location.pathname)), [app]);
	return (
		<>
			<div class="app" id="shell" data-pane={conv === null ? "list" : "thread"}>
				<ConnectionStrip />
				<CallBar />
				<Rooms bar />
				<div class="panes">
					<TabBar />
					<ListPane conv={conv} onNew={() => setFinding(true)} />
					{conv === null ? (
						<Nothing />
					) : (
						<Thread key={conv} conv={conv} live={<Live conv={conv} />} record={<RecordBar />} />
					)}
				</div>
				<div class="corner live">
					<LiveStrip except={conv} />
					<RecordElsewhere conv={conv} />
				</div>
			</div>
			{/* Beside the shell: they stay alive while a dialog makes it inert. */}
			<InCall />
			<Rooms />
			<Incoming />
			<Outgoing />
			{finding && (
				<Portal>
					<NewChat onClose={() => setFinding(false)} />
				</Portal>
			)}
		</>
	);
}
