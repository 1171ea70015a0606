import { ArrowUp, ChevronLeft, LockKeyhole, Mic, Pause, Play, Send, Trash2 } from "lucide";
import { useRef } from "preact/hooks";
import { t } from "../i18n/text.ts";
import { Button } from "../ui/Button.tsx";
import { held } from "../ui/hold.ts";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { useReturnFocus } from "../ui/modal.ts";
import { run, useApp } from "../ui/model.ts";
import { Blocked } from "./Blocked.tsx";
import { Countdown, OwnPicture, RecLevel, RecNotes, RecTimer, RecWave } from "./RecParts.tsx";
import { headline, type OpenView, openView, useRecordKeys } from "./recording.ts";

function HoldHints() {
	const view = held.value;
	if (!view) return null;
	return (
		<>
			<span class="hold-lock" data-near={view.lock > 0.4 || undefined}>
				<Icon of={LockKeyhole} size="s" />
				{t("slide-lock")}
			</span>
			<span class="hold-cancel" style={{ opacity: 1 - view.cancel * 0.7 }}>
				<Icon of={ChevronLeft} size="s" mirror />
				{view.cancel > 0.6 ? t("release-cancel") : t("slide-cancel")}
			</span>
		</>
	);
}

function Middle({ view }: { view: OpenView }) {
	const { recorder } = useApp();
	if (view.state === "recording") {
		return <IconButton icon={Pause} label={t("pause")} filled onClick={() => recorder.pause()} />;
	}
	return (
		<>
			<IconButton
				icon={view.review === "playing" ? Pause : Play}
				label={t("listen")}
				filled
				pressed={view.review === "playing"}
				disabled={!view.canListen}
				onClick={() => recorder.listen()}
			/>
			{view.state === "paused" && view.canResume && (
				<IconButton icon={Mic} label={t("resume")} kind="voice" onClick={() => run(recorder.resume())} />
			)}
			{view.state === "paused" && view.why === "limit" && (
				<IconButton icon={Send} label={t("send-and-go-on")} onClick={() => run(recorder.sendAndGoOn())} />
			)}
		</>
	);
}

function OpenBar({ view }: { view: OpenView }) {
	const { recorder } = useApp();
	const holding = held.value !== null;
	const said =
		view.state === "recording" || (view.state === "paused" && view.why === null) ? "" : headline(view, "");
	return (
		<>
			{view.kind === "video" && <OwnPicture />}
			{said !== "" && <p class="rec-said">{said}</p>}
			<div class="rec-row">
				{!holding && <IconButton icon={Trash2} label={t("discard")} onClick={() => recorder.discard()} />}
				<RecTimer />
				{holding ? <HoldHints /> : <RecWave bars={90} />}
				{!holding && view.state !== "sending" && <Middle view={view} />}
				<RecLevel size={48} maxMs={view.maxMs}>
					<span class="rec-send" data-holding={holding || undefined}>
						<IconButton
							icon={holding ? Mic : ArrowUp}
							label={t("send")}
							disabled={view.state === "sending"}
							onClick={() => run(view.state === "failed" ? recorder.retry() : recorder.send())}
						/>
					</span>
				</RecLevel>
			</div>
			<RecNotes view={view} />
		</>
	);
}

/** Recording from the thread: stands where the composer stood. */
export function RecordBar() {
	const { recorder } = useApp();
	const view = recorder.view.value;
	const box = useRef<HTMLDivElement>(null);
	useRecordKeys(recorder);
	useReturnFocus(box);
	const open = openView(view);
	return (
		<div class="rec-bar" role="group" aria-label={t("recording")} ref={box} tabIndex={-1} data-enter>
			{open && <OpenBar view={open} />}
			{view.state === "opening" && <p class="rec-said">{t("recording-opening")}</p>}
			{view.state === "countdown" && (
				<>
					<OwnPicture>
						<Countdown />
					</OwnPicture>
					<div class="row center">
						<Button kind="plain" onClick={() => recorder.discard()}>
							{t("discard")}
						</Button>
						<Button onClick={() => recorder.skipCountdown()}>{t("skip-countdown")}</Button>
					</div>
				</>
			)}
			{view.state === "blocked" && <Blocked view={view} onWrite={() => recorder.dismiss()} />}
		</div>
	);
}
