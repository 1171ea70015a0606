import { ArrowLeft, AudioLines, Info, Phone, Video } from "lucide";
import { t } from "../i18n/text.ts";
import type { Kind, PersonView } from "../state/types/base.ts";
import type { ThreadModel } from "../state/types/thread.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { Link } from "../ui/Link.tsx";
import { run, useApp } from "../ui/model.ts";

export interface ThreadHeaderProps {
	thread: ThreadModel;
	person: PersonView;
	infoOpen: boolean;
	onInfo: () => void;
}

export function ThreadHeader({ thread, person, infoOpen, onInfo }: ThreadHeaderProps) {
	const { calls, rooms } = useApp();
	/* A group is asked first whom to ring. */
	const start = (kind: Kind) =>
		thread.group.value ? rooms.choose(thread.conv, kind) : run(calls.start(thread.conv, kind));
	const presence = person.online > 0 ? t("online") : t("offline-person");
	return (
		<header class="thread-head">
			<Link class="ibtn back" to="/">
				<Icon of={ArrowLeft} mirror />
				<span class="sr">{t("back")}</span>
			</Link>
			<Avatar id={person.id} name={person.name} size="s" />
			<div class="who">
				<h1>
					<bdi>{person.name}</bdi>
				</h1>
				<p data-typing={thread.typing.value || undefined}>{thread.typing.value ? t("typing") : presence}</p>
			</div>
			{thread.group.value && !rooms.byConv.value.has(thread.conv) && (
				<IconButton
					icon={AudioLines}
					label={t("voice-chat-start")}
					onClick={() => run(rooms.start(thread.conv, "chat", false))}
				/>
			)}
			<IconButton icon={Phone} label={t("voice-call")} onClick={() => start("voice")} />
			<IconButton icon={Video} label={t("video-call")} onClick={() => start("video")} />
			<IconButton icon={Info} label={t("chat-info")} pressed={infoOpen} onClick={onInfo} />
		</header>
	);
}
