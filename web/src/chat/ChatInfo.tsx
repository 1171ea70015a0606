import { Ban, CircleCheck, Phone, Video } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import type { PersonView } from "../state/types/base.ts";
import type { ThreadModel } from "../state/types/thread.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { run, useApp } from "../ui/model.ts";
import { RoundAction } from "../ui/RoundAction.tsx";
import { InfoPanel } from "./InfoPanel.tsx";

export interface ChatInfoProps {
	thread: ThreadModel;
	person: PersonView;
	onClose: () => void;
}

export function ChatInfo({ thread, person, onClose }: ChatInfoProps) {
	const { people, calls } = useApp();
	const [asking, setAsking] = useState(false);
	const { name } = person;
	return (
		<InfoPanel onClose={onClose}>
			<Avatar id={person.id} name={name} size="l" />
			<p class="info-name">
				<bdi>{name}</bdi>
			</p>
			<p class="quiet">{person.online > 0 ? t("online") : t("offline-person")}</p>
			<div class="info-actions">
				<RoundAction
					size="small"
					icon={Phone}
					label={t("voice-call")}
					onClick={() => run(calls.start(thread.conv, "voice"))}
				/>
				<RoundAction
					size="small"
					icon={Video}
					label={t("video-call")}
					onClick={() => run(calls.start(thread.conv, "video"))}
				/>
			</div>
			<dl class="facts">
				<dt>{t("info-username")}</dt>
				<dd>{person.username}</dd>
			</dl>
			<h3>{t("safety")}</h3>
			{person.blocked ? (
				<Button wide icon={CircleCheck} onClick={() => run(people.unblock(person.id))}>
					{t("unblock", { name })}
				</Button>
			) : (
				<Button wide kind="danger" icon={Ban} onClick={() => setAsking(true)}>
					{t("block", { name })}
				</Button>
			)}
			{asking && (
				<Confirm
					title={t("block-title", { name })}
					text={t("block-body")}
					yes={t("block", { name })}
					onYes={() => run(people.block(person.id))}
					onClose={() => setAsking(false)}
				/>
			)}
		</InfoPanel>
	);
}
