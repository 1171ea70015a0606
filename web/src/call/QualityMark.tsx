import { t } from "../i18n/text.ts";
import type { Quality, TalkLink } from "../state/types/talk.ts";
import { ClockSince } from "../ui/Timer.tsx";
import "./talk.css";

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

interface LinkStatusProps {
	link: TalkLink;
	since: number;
	quality: Quality | null;
}

/** Connecting, how long, or that it is being mended; with whom it is one or many. */
export function LinkStatus({ link, since, quality }: LinkStatusProps) {
	return (
		<p class="talk-status">
			<span role="status">
				{link === "connecting" && t("link-connecting")}
				{link === "reconnecting" && t("link-reconnecting")}
			</span>
			{link === "connected" && <ClockSince ts={since} />}
			{quality && <QualityMark quality={quality} />}
		</p>
	);
}
