import { t } from "../i18n/roomText.ts";
import { useApp } from "../ui/model.ts";
import { ClockSince } from "../ui/Timer.tsx";
import { QualityMark } from "./QualityMark.tsx";

/** Connecting, how long, or that it is being mended. */
export function RoomStatus() {
	const view = useApp().rooms.view.value;
	if (!view) return null;
	return (
		<p class="talk-status">
			<span role="status">
				{view.link === "connecting" && t("link-connecting")}
				{view.link === "reconnecting" && t("link-reconnecting")}
			</span>
			{view.link === "connected" && <ClockSince ts={view.room.startedTs} />}
			{view.quality && <QualityMark quality={view.quality} />}
		</p>
	);
}
