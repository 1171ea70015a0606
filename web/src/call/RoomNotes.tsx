import { Hand, MicOff, MonitorUp, VideoOff } from "lucide";
import { t } from "../i18n/roomText.ts";
import type { RoomTalkView } from "../state/types/rooms.ts";
import type { TalkTrouble } from "../state/types/talk.ts";
import { Button } from "../ui/Button.tsx";
import { run, useApp } from "../ui/model.ts";
import type { RoomPanel } from "./RoomBar.tsx";
import { Note } from "./TalkNotes.tsx";

function trouble(of: TalkTrouble): string {
	switch (of) {
		case "denied":
			return t("mic-denied-room");
		case "no_device":
			return t("mic-none-room");
		case "in_use":
			return t("mic-used-room");
	}
}

/** What needs to be known now. Announced politely. */
export function RoomNotes({ view, onPanel }: { view: RoomTalkView; onPanel: (panel: RoomPanel) => void }) {
	const { rooms } = useApp();
	return (
		<div class="talk-notes" role="status">
			{view.mutedBy && <Note icon={MicOff} text={t("muted-by", { name: view.mutedBy.name })} />}
			{view.recording && view.room.count > 1 && <Note icon={MicOff} text={t("muted-recording")} />}
			{view.handHint && (
				<Note icon={Hand} text={t("hand-hint")}>
					<Button kind="voice" onClick={() => run(rooms.setHand(false))}>
						{t("lower-hand")}
					</Button>
					<Button onClick={() => rooms.keepHand()}>{t("hand-keep")}</Button>
				</Note>
			)}
			{view.microphone && (
				<Note icon={MicOff} warn text={trouble(view.microphone)}>
					<Button onClick={() => onPanel("devices")}>{t("choose-input")}</Button>
				</Note>
			)}
			{view.camera && <Note icon={VideoOff} warn text={t("trouble-camera")} />}
			{view.mine.screen && <Note icon={MonitorUp} text={t("sharing")} />}
		</div>
	);
}
