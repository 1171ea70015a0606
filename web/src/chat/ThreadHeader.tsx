import { ArrowLeft, AudioLines, Info, Phone, Video } from "lucide";
import { t } from "../i18n/text.ts";
import type { Kind, PersonView } from "../state/types/base.ts";
import type { ThreadModel } from "../state/types/thread.ts";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { Link } from "../ui/Link.tsx";
import { run, useApp } from "../ui/model.ts";
import { ChatAvatar } from "./ChatAvatar.tsx";
import { memberLine, typingLine } from "./groupWords.ts";

export interface ThreadHeaderProps {
	thread: ThreadModel;
	person: PersonView;
	infoOpen: boolean;
	onInfo: () => void;
}

function Line({ thread, person }: { thread: ThreadModel; person: PersonView }) {
	const typing = thread.typing.value;
	const group = thread.group.value;
	if (typing.length > 0) return <p data-typing>{group ? typingLine(typing) : t("typing")}</p>;
	if (group) return <p>{group.left ? t("group-left") : memberLine(group)}</p>;
	return <p>{person.online > 0 ? t("online") : t("offline-person")}</p>;
}

/* A group is asked first whom to ring. */
function CallButtons({ conv, group }: { conv: number; group: boolean }) {
	const { calls, rooms } = useApp();
	const start = (kind: Kind) => (group ? rooms.choose(conv, kind) : run(calls.start(conv, kind)));
	return (
		<>
			{group && !rooms.byConv.value.has(conv) && (
				<IconButton
					icon={AudioLines}
					label={t("voice-chat-start")}
					onClick={() => run(rooms.start(conv, "chat", false))}
				/>
			)}
			<IconButton icon={Phone} label={t("voice-call")} onClick={() => start("voice")} />
			<IconButton icon={Video} label={t("video-call")} onClick={() => start("video")} />
		</>
	);
}

export function ThreadHeader({ thread, person, infoOpen, onInfo }: ThreadHeaderProps) {
	const group = thread.group.value;
	return (
		<header class="thread-head">
			<Link class="ibtn back" to="/">
				<Icon of={ArrowLeft} mirror />
				<span class="sr">{t("back")}</span>
			</Link>
			<ChatAvatar of={{ person, group }} size="s" />
			<div class="who">
				<h1>
					<bdi>{person.name}</bdi>
				</h1>
				<Line thread={thread} person={person} />
			</div>
			{!group?.left && <CallButtons conv={thread.conv} group={group !== null} />}
			<IconButton icon={Info} label={t("chat-info")} pressed={infoOpen} onClick={onInfo} />
		</header>
	);
}
