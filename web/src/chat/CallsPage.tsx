import { Phone, PhoneIncoming, PhoneMissed, PhoneOutgoing, Video } from "lucide";
import { useState } from "preact/hooks";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { chatPath } from "../lib/routes.ts";
import type { ChatView } from "../state/types/chats.ts";
import type { CallEntry } from "../state/types/thread.ts";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { Link } from "../ui/Link.tsx";
import { run, useApp } from "../ui/model.ts";
import { Chips, EmptyState } from "../ui/Small.tsx";
import { ChatAvatar } from "./ChatAvatar.tsx";
import { entryTitle, shortOutcome } from "./names.ts";

function detail(call: CallEntry): string {
	const parts = [entryTitle(call)];
	if (call.mine && call.outcome !== "answered") parts.push(shortOutcome(call.outcome));
	if (call.durationMs !== null && call.outcome === "answered") parts.push(format.length(call.durationMs));
	if (call.note) parts.push(t("call-note", { length: format.noteLength(call.note.durationMs) }));
	return parts.join(" · ");
}

function CallRow({ chat, call }: { chat: ChatView; call: CallEntry }) {
	const { calls } = useApp();
	/* Glows until it was heard, or seen where there is nothing to hear. */
	const glows = call.missed && (call.note ? !call.note.played : chat.missedNew);
	const glyph = call.missed ? PhoneMissed : call.mine ? PhoneOutgoing : PhoneIncoming;
	return (
		<li class="call-row">
			<Link class="chat-row" to={chatPath(chat.conv)}>
				<ChatAvatar of={chat} />
				<span class="lines">
					<span class="first">
						<span class="name">
							<bdi>{chat.person.name}</bdi>
						</span>
						<time class="when">{format.when(call.startedTs)}</time>
					</span>
					<span class="second" data-missed={glows || undefined}>
						<span class="preview">
							<Icon of={glyph} size="s" />
							<span>{detail(call)}</span>
						</span>
					</span>
				</span>
			</Link>
			<IconButton
				icon={call.kind === "video" ? Video : Phone}
				label={call.mine ? t("call-again") : t("call-back")}
				onClick={() => run(calls.start(chat.conv, call.kind))}
			/>
		</li>
	);
}

export function CallsPage() {
	const { chats } = useApp();
	const [only, setOnly] = useState<"all" | "missed">("all");
	const all = chats.calls.value;
	const shown = only === "all" ? all : all.filter(({ call }) => call.missed);
	return (
		<section class="pane-list" aria-labelledby="calls-title">
			<header class="pane-head">
				<h1 id="calls-title">{t("calls-title")}</h1>
			</header>
			<div class="pane-tools">
				<Chips<"all" | "missed">
					label={t("filter")}
					value={only}
					options={[
						{ value: "all", label: t("filter-all") },
						{ value: "missed", label: t("filter-missed") },
					]}
					onChange={setOnly}
				/>
			</div>
			<div class="pane-scroll">
				{shown.length === 0 ? (
					<EmptyState
						icon={only === "missed" ? PhoneMissed : Phone}
						title={only === "missed" ? t("chats-none-missed") : t("calls-empty-title")}
						text={only === "missed" ? t("chats-none-missed-text") : t("calls-empty-text")}
					/>
				) : (
					<ul class="chat-rows">
						{shown.map(({ chat, call }) => (
							<CallRow key={call.call} chat={chat} call={call} />
						))}
					</ul>
				)}
			</div>
		</section>
	);
}
