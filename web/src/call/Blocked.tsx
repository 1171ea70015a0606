import { MessageSquareText, MicOff, RotateCw, VideoOff } from "lucide";
import { t } from "../i18n/text.ts";
import type { RecorderView } from "../state/types/recorder.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";
import { blockedHelp, blockedTitle } from "./recording.ts";

export interface BlockedProps {
	view: Extract<RecorderView, { state: "blocked" }>;
	/* Closes what is around it: the person wants to write. */
	onWrite: () => void;
}

/** The microphone or camera could not be opened: what happened, and the ways on. */
export function Blocked({ view, onWrite }: BlockedProps) {
	const { recorder } = useApp();
	return (
		<div class="blocked-rec" role="alert">
			<Icon of={view.kind === "voice" ? MicOff : VideoOff} size="l" />
			<p>
				<strong>{blockedTitle(view.code, view.kind)}</strong>
				<span>{blockedHelp(view.code)}</span>
			</p>
			<div class="row center">
				<Button icon={RotateCw} onClick={() => run(recorder.retry())} autofocus>
					{t("retry")}
				</Button>
				{view.kind === "video" && (
					<Button onClick={() => run(recorder.switchKind("voice"))}>{t("record-voice")}</Button>
				)}
				<Button
					icon={MessageSquareText}
					onClick={() => {
						recorder.dismiss();
						onWrite();
					}}
				>
					{t("write-instead")}
				</Button>
			</div>
		</div>
	);
}
