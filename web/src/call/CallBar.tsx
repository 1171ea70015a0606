import { Maximize2, Mic, MicOff, PhoneOff, Smartphone } from "lucide";
import { t } from "../i18n/text.ts";
import type { ElsewhereView, TalkView } from "../state/types/talk.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { LinkStatus } from "./QualityMark.tsx";
import { minimised } from "./talkScreen.ts";

function Here({ view }: { view: TalkView }) {
	const { talk } = useApp();
	const back = () => {
		minimised.value = null;
	};
	return (
		<section class="call-bar" aria-label={t("call-region")} data-enter>
			<Avatar id={view.person.id} name={view.person.name} size="s" />
			<div class="who">
				<p class="call-with">
					<bdi>{view.person.name}</bdi>
				</p>
				{view.recording ? (
					<p class="talk-status call-aside">{t("muted-recording")}</p>
				) : (
					<LinkStatus link={view.link} since={view.answeredTs} quality={view.quality} />
				)}
			</div>
			<IconButton
				icon={view.mine.muted ? MicOff : Mic}
				label={view.mine.muted ? t("unmute") : t("mute")}
				disabled={view.recording}
				onClick={() => talk.setMuted(!view.mine.muted)}
			/>
			<IconButton icon={Maximize2} label={t("back-to-call")} onClick={back} />
			<Button kind="danger" icon={PhoneOff} onClick={() => run(talk.leave())}>
				{t("leave")}
			</Button>
		</section>
	);
}

function Elsewhere({ view }: { view: ElsewhereView }) {
	const { talk } = useApp();
	return (
		<div class="call-bar" data-enter>
			<Icon of={Smartphone} />
			<p class="who">{t("call-elsewhere", { name: view.person.name })}</p>
			<Button kind="answer" onClick={() => run(talk.moveHere(view.call))}>
				{t("move-here")}
			</Button>
		</div>
	);
}

/** Above the chats: the call that goes on while they are read, or at another device of mine. */
export function CallBar() {
	const { talk } = useApp();
	const view = talk.view.value;
	if (view) return minimised.value === view.call ? <Here view={view} /> : null;
	return (
		<>
			{talk.elsewhere.value.map(other => (
				<Elsewhere key={other.call} view={other} />
			))}
		</>
	);
}
