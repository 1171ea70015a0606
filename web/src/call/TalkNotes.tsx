import type { IconNode } from "lucide";
import { MicOff, MonitorUp, ShieldAlert, Video, VideoOff } from "lucide";
import type { ComponentChildren } from "preact";
import { t } from "../i18n/text.ts";
import type { TalkTrouble, TalkView } from "../state/types/talk.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";
import type { Panel } from "./TalkBar.tsx";

export function Note({
	icon,
	warn,
	text,
	children,
}: {
	icon: IconNode;
	warn?: boolean;
	text: string;
	children?: ComponentChildren;
}) {
	return (
		<div class="talk-note" data-warn={warn || undefined}>
			<Icon of={icon} />
			<p>{text}</p>
			{children && <div class="talk-note-do">{children}</div>}
		</div>
	);
}

function microphoneTrouble(trouble: TalkTrouble, name: string): string {
	switch (trouble) {
		case "denied":
			return t("trouble-mic-denied", { name });
		case "no_device":
			return t("trouble-mic-none", { name });
		case "in_use":
			return t("trouble-mic-used", { name });
	}
}

function Asking({ view }: { view: TalkView }) {
	const { talk } = useApp();
	const { name } = view.person;
	switch (view.ask) {
		case "none":
			return null;
		case "asked":
			return <Note icon={Video} text={t("ask-sent", { name })} />;
		case "refused":
			return <Note icon={VideoOff} text={t("ask-refused", { name })} />;
		case "asks":
			return (
				<Note icon={Video} text={t("ask-heard", { name })}>
					<Button kind="voice" onClick={() => run(talk.reply("camera"))}>
						{t("ask-camera")}
					</Button>
					<Button onClick={() => run(talk.reply("watch"))}>{t("ask-watch")}</Button>
					<Button onClick={() => run(talk.reply("no"))}>{t("ask-no")}</Button>
				</Note>
			);
	}
}

/** What needs to be known now: a wish, a trouble, a doubt. Announced politely. */
export function TalkNotes({ view, onPanel }: { view: TalkView; onPanel: (panel: Panel) => void }) {
	const { name } = view.person;
	const doubt = view.trust === "unverified" || view.trust === "changed";
	return (
		<div class="talk-notes" role="status">
			{doubt && (
				<Note
					icon={ShieldAlert}
					warn
					text={view.trust === "changed" ? t("trust-changed", { name }) : t("trust-unverified", { name })}
				>
					<Button onClick={() => onPanel("info")}>{t("show-code")}</Button>
				</Note>
			)}
			{view.microphone && (
				<Note icon={MicOff} warn text={microphoneTrouble(view.microphone, name)}>
					<Button onClick={() => onPanel("devices")}>{t("choose-input")}</Button>
				</Note>
			)}
			{view.camera && <Note icon={VideoOff} warn text={t("trouble-camera")} />}
			{view.recording && <Note icon={MicOff} text={t("muted-recording")} />}
			{view.mine.screen && <Note icon={MonitorUp} text={t("sharing")} />}
			<Asking view={view} />
		</div>
	);
}
