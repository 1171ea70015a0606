import type { IconNode } from "lucide";
import { CornerUpLeft, Pencil, Phone, PhoneMissed, PhoneOutgoing, Trash2, Users, Video } from "lucide";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { chatPath } from "../lib/routes.ts";
import type { ChatView, LastGlyph, LastView } from "../state/types/chats.ts";
import { Icon } from "../ui/Icon.tsx";
import { Link } from "../ui/Link.tsx";
import { useApp } from "../ui/model.ts";
import { Badge, Dot } from "../ui/Small.tsx";
import { ChatAvatar } from "./ChatAvatar.tsx";
import { Waves } from "./glyphs.ts";
import { changeLine, firstName, typingLine } from "./groupWords.ts";
import { callTitle, shortOutcome } from "./names.ts";

function glyphOf(glyph: LastGlyph, video: boolean): IconNode | null {
	switch (glyph) {
		case "text":
			return null;
		case "voiceNote":
			return Waves;
		case "videoNote":
			return Video;
		case "missedCall":
		case "missedRoom":
			return PhoneMissed;
		case "outgoingCall":
			return PhoneOutgoing;
		case "call":
		case "room":
			return video ? Video : Phone;
		case "group":
			return Users;
		case "deleted":
			return Trash2;
		case "draft":
			return Pencil;
	}
}

function lastText(last: LastView): string {
	const length = format.noteLength(last.durationMs ?? 0);
	switch (last.glyph) {
		case "text":
			return last.mine ? t("last-you", { text: last.text }) : last.text;
		case "voiceNote":
			return t("last-voice-note", { length });
		case "videoNote":
			return t("last-video-note", { length });
		case "outgoingCall":
			return `${callTitle(last.kind ?? "voice", "answered", false)} · ${shortOutcome(last.outcome ?? "no_answer")}`;
		case "missedCall":
		case "call":
			return callTitle(last.kind ?? "voice", last.outcome ?? "answered", last.glyph === "missedCall");
		case "group":
			return last.change === null ? "" : changeLine(last.change);
		case "room":
			return t("last-room");
		case "missedRoom":
			return t("room-missed");
		case "deleted":
			return t("last-deleted");
		case "draft":
			return t("last-draft", { text: last.text });
	}
}

/* What somebody has said, rather than what happened to all. */
const SAID: ReadonlySet<LastGlyph> = new Set(["text", "voiceNote", "videoNote", "deleted"]);

/* In a group: "Ben: on my way". */
function lastLine(last: LastView): string {
	const text = lastText(last);
	const said = SAID.has(last.glyph);
	return last.from !== null && said ? t("last-by", { name: firstName(last.from), text }) : text;
}

function Preview({ chat }: { chat: ChatView }) {
	const open = useApp().rooms.byConv.value.get(chat.conv);
	if (chat.leavingNote) return <span class="now">{t(`leaving-${chat.leavingNote}-note`)}</span>;
	if (chat.typing.length > 0)
		return <span class="now calm">{chat.group ? typingLine(chat.typing) : t("typing")}</span>;
	/* While it is open nobody has missed it. */
	if (open)
		return (
			<span class="now">
				{t("last-open", { kind: open.kind === "chat" ? "chat" : "call", count: open.count })}
			</span>
		);
	if (chat.draftText) return <bdi>{t("last-draft", { text: chat.draftText })}</bdi>;
	if (!chat.last) return null;
	const glyph = glyphOf(chat.last.glyph, chat.last.kind === "video");
	return (
		<>
			{glyph && <Icon of={glyph} size="s" />}
			{chat.last.mine && (chat.last.glyph === "voiceNote" || chat.last.glyph === "videoNote") && (
				<Icon of={CornerUpLeft} size="s" class="mine" />
			)}
			<bdi>{lastLine(chat.last)}</bdi>
		</>
	);
}

export function ChatRow({ chat, current }: { chat: ChatView; current: boolean }) {
	const missed = chat.missedNew && (chat.last?.glyph === "missedCall" || chat.last?.glyph === "missedRoom");
	return (
		<li>
			<Link class="chat-row" to={chatPath(chat.conv)} current={current}>
				<ChatAvatar of={chat} online />
				<span class="lines">
					<span class="first">
						<span class="name">
							<bdi>{chat.person.name}</bdi>
						</span>
						{chat.last && <time class="when">{format.when(chat.last.ts)}</time>}
					</span>
					<span class="second" data-missed={missed || undefined}>
						<span class="preview">
							<Preview chat={chat} />
						</span>
						{chat.unheard && <Dot label={t("unheard")} />}
						{chat.unread > 0 && <Badge count={chat.unread} label={t("unread", { count: chat.unread })} />}
					</span>
				</span>
			</Link>
		</li>
	);
}
