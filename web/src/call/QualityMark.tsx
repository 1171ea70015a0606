import { t } from "../i18n/text.ts";
import type { Quality } from "../state/types/talk.ts";
import { ClockSince } from "../ui/Timer.tsx";
import "./talk.css";
import { useApp } from "../ui/model.ts";

function qualityName(quality: Quality): string {
	switch (quality) {
		case "good":
			return t("quality-good");
		case "fair":
			return t("quality-fair");
		case "poor":
			return t("quality-poor");
	}
}

/** Three bars, as many as are good. Only a weak connection also says so in words. */
export function QualityMark({ quality }: { quality: Quality }) {
	return (
		<span class="quality" data-quality={quality} role="img" aria-label={qualityName(quality)}>
			<i />
			<i />
			<i />
			{quality === "poor" && <span aria-hidden="true">{qualityName(quality)}</span>}
		</span>
	);
}

/** Connecting, how long, or that it is being mended. */
export function LinkStatus() {
	const view = useApp().talk.view.value;
	if (!view) return null;
	return (
		<p class="talk-status">
			<span role="status">
				{view.link === "connecting" && t("link-connecting")}
				{view.link === "reconnecting" && t("link-reconnecting")}
			</span>
			{view.link === "connected" && <ClockSince ts={view.answeredTs} />}
			{view.quality && <QualityMark quality={view.quality} />}
		</p>
	);
}
