import { ArrowLeft, Info, Phone, Video } from "lucide";
import type { ComponentChildren } from "preact";
import { t } from "../i18n/text.ts";
import type { PersonView } from "../state/types/base.ts";
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
	/* The buttons of a group's calls. */
	groupCalls: ComponentChildren;
}

function Line({ thread, person }: { thread: ThreadModel; person: PersonView }) {
	const typing = thread.typing.value;
	const group = thread.group.value;
	if (typing.length > 0) return <p data-typing>{group ? typingLine(typing) : t("typing")}</p>;
	if (group) return <p>{group.left ? t("group-left") : memberLine(group)}</p>;
	return <p>{person.online > 0 ? t("online") : t("offline-person")}</p>;
}

function CallButtons({ conv }: { conv: number }) {
	const { calls } = useApp();
	return (
		<>
			<IconButton icon={Phone} label={t("voice-call")} onClick={() => run(calls.start(conv, "voice"))} />
			<IconButton icon={Video} label={t("video-call")} onClick={() => run(calls.start(conv, "video"))} />
		</>
	);
}

export function ThreadHeader({ thread, person, infoOpen, onInfo, groupCalls }: ThreadHeaderProps) {
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
			{group ? !group.left && groupCalls : <CallButtons conv={thread.conv} />}
			<IconButton icon={Info} label={t("chat-info")} pressed={infoOpen} onClick={onInfo} />
		</header>
	);
}
