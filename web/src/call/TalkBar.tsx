import {
	EllipsisVertical,
	Info,
	Keyboard,
	Mic,
	MicOff,
	MonitorUp,
	MonitorX,
	PhoneOff,
	PictureInPicture2,
	SlidersHorizontal,
	SwitchCamera,
	UserPlus,
	Video,
	VideoOff,
} from "lucide";
import { t } from "../i18n/text.ts";
import type { TalkView } from "../state/types/talk.ts";
import { Menu, type MenuItem } from "../ui/Menu.tsx";
import { run, useApp } from "../ui/model.ts";
import { canFloat, endFloat } from "./floating.ts";
import { TalkButton } from "./TalkButton.tsx";

export type Panel = "devices" | "info" | "help" | "add";

/* Refused when the picture has no size yet; then nothing happens, and it can be pressed again. */
function float(): void {
	const video = document.querySelector<HTMLVideoElement>(".talk .tile[data-size=main] video");
	if (document.pictureInPictureElement) endFloat();
	else void video?.requestPictureInPicture().catch(() => {});
}

function menuItems(
	view: TalkView,
	flip: boolean,
	open: (panel: Panel) => void,
	flipNow: () => void,
): MenuItem[] {
	const items: MenuItem[] = [
		{ label: t("call-add-people"), icon: UserPlus, run: () => open("add") },
		{ label: t("call-devices"), icon: SlidersHorizontal, run: () => open("devices") },
		{ label: t("call-details"), icon: Info, run: () => open("info") },
		{ label: t("call-shortcuts"), icon: Keyboard, run: () => open("help") },
	];
	if (canFloat() && (view.theirs.camera || view.theirs.screen))
		items.unshift({ label: t("picture-in-picture"), icon: PictureInPicture2, run: float });
	if (flip) items.unshift({ label: t("camera-flip"), icon: SwitchCamera, run: flipNow });
	return items;
}

/** Everything that can be done in a call, in one bar; the way out is last and red. */
export function TalkBar({ view, onPanel }: { view: TalkView; onPanel: (panel: Panel) => void }) {
	const { talk } = useApp();
	const { mine } = view;
	const can = talk.can.value;
	const flip = can.flip && mine.camera;
	return (
		<div class="talk-bar">
			<TalkButton
				icon={mine.muted ? MicOff : Mic}
				label={mine.muted ? t("unmute") : t("mute")}
				off={mine.muted}
				disabled={view.recording}
				autofocus
				onClick={() => talk.setMuted(!mine.muted)}
			/>
			<TalkButton
				icon={mine.camera ? Video : VideoOff}
				label={mine.camera ? t("camera-off") : t("camera-on")}
				off={!mine.camera && view.kind === "video"}
				disabled={view.ask === "asked"}
				onClick={() => run(talk.setCamera(!mine.camera))}
			/>
			{can.screen && (
				<TalkButton
					icon={mine.screen ? MonitorX : MonitorUp}
					label={mine.screen ? t("share-stop") : t("share-screen")}
					on={mine.screen}
					onClick={() => run(talk.setScreen(!mine.screen))}
				/>
			)}
			{flip && !can.screen && (
				<TalkButton icon={SwitchCamera} label={t("camera-flip")} onClick={() => run(talk.flipCamera())} />
			)}
			<Menu
				icon={EllipsisVertical}
				label={t("more")}
				side="up"
				items={menuItems(view, flip && can.screen, onPanel, () => run(talk.flipCamera()))}
			/>
			<TalkButton icon={PhoneOff} label={t("leave")} end onClick={() => run(talk.leave())} />
		</div>
	);
}
