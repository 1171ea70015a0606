import type { IconNode } from "lucide";
import { Phone, PhoneIncoming, PhoneMissed, PhoneOutgoing, Video } from "lucide";
import type { ComponentChildren } from "preact";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/moreText.ts";
import { t as roomT } from "../i18n/roomText.ts";
import { chatPath } from "../lib/routes.ts";
import type { CallLine } from "../state/callList.ts";
import type { ChatView } from "../state/types/chats.ts";
import type { CallEntry, NoteView } from "../state/types/thread.ts";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { Link } from "../ui/Link.tsx";
import { run, useApp } from "../ui/model.ts";
import { ChatAvatar } from "./ChatAvatar.tsx";
import { entryTitle, shortOutcome } from "./names.ts";
import { JoinRoom, RoomAgain } from "./RoomAgain.tsx";
import { kindGlyph, roomFacts, roomGlyph, roomTitle, whoIsIn } from "./roomWords.ts";

interface RowProps {
	of: Pick<ChatView, "person" | "group">;
	/* null: no chat of mine. */
	to: string | null;
	ts: number;
	glyph: IconNode;
	facts: readonly string[];
	state?: "missed" | "live" | undefined;
	children: ComponentChildren;
}

function Row({ of, to, ts, glyph, facts, state, children }: RowProps) {
	const inner = (
		<>
			<ChatAvatar of={of} />
			<span class="lines">
				<span class="first">
					<span class="name">
						<bdi>{of.person.name}</bdi>
					</span>
					<time class="when">{format.when(ts)}</time>
				</span>
				<span
					class="second"
					data-missed={state === "missed" || undefined}
					data-live={state === "live" || undefined}
				>
					<span class="preview">
						<Icon of={glyph} size="s" />
						<span>{facts.join(state === "live" ? "\n" : " · ")}</span>
					</span>
				</span>
			</span>
		</>
	);
	return (
		<li class="call-row">
			{to === null ? (
				<div class="chat-row">{inner}</div>
			) : (
				<Link class="chat-row" to={to}>
					{inner}
				</Link>
			)}
			{children}
		</li>
	);
}

/* Glows until it was heard, or seen where there is nothing to hear. */
function glows(
	chat: ChatView,
	{ missed, note }: { missed: boolean; note: NoteView | null },
): RowProps["state"] {
	return missed && (note ? !note.played : chat.missedNew) ? "missed" : undefined;
}

function noteFact(note: NoteView | null): readonly string[] {
	return note ? [t("call-note", { length: format.noteLength(note.durationMs) })] : [];
}

function callFacts(call: CallEntry): readonly string[] {
	const parts = [entryTitle(call)];
	if (call.mine && call.outcome !== "answered") parts.push(shortOutcome(call.outcome));
	if (call.durationMs !== null && call.outcome === "answered") parts.push(format.length(call.durationMs));
	return [...parts, ...noteFact(call.note)];
}

function callGlyph(call: CallEntry): IconNode {
	return call.missed ? PhoneMissed : call.mine ? PhoneOutgoing : PhoneIncoming;
}

/** One line of the "Calls" page: what it was, with whom, and the way to do it again. */
export function CallRow({ line }: { line: CallLine }) {
	const { calls } = useApp();
	if (line.what === "open") {
		const { room, chat } = line;
		return (
			<Row
				of={chat ?? { person: room.group, group: null }}
				to={chat && chatPath(chat.conv)}
				ts={room.startedTs}
				glyph={kindGlyph(room.kind)}
				facts={[roomT(`room-${room.kind}`), whoIsIn(room.people)]}
				state="live"
			>
				<JoinRoom room={room} />
			</Row>
		);
	}
	const { chat, entry } = line;
	const shared = { of: chat, to: chatPath(chat.conv), ts: entry.startedTs, state: glows(chat, entry) };
	if (line.what === "room") {
		const { entry: room } = line;
		const facts = [roomTitle(room, null), ...roomFacts(room, null), ...noteFact(room.note)];
		return (
			<Row {...shared} glyph={roomGlyph(room, null)} facts={facts}>
				<RoomAgain entry={room} conv={chat.conv} group={chat.group !== null} />
			</Row>
		);
	}
	const { entry: call } = line;
	return (
		<Row {...shared} glyph={callGlyph(call)} facts={callFacts(call)}>
			<IconButton
				icon={call.kind === "video" ? Video : Phone}
				label={call.mine ? t("call-again") : t("call-back")}
				onClick={() => run(calls.start(chat.conv, call.kind))}
			/>
		</Row>
	);
}
