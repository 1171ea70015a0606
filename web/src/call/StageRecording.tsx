import { ArrowUp, Mic, Pause, Phone, Play, RotateCw, Send, Square, Trash2, Video } from "lucide";
import { t } from "../i18n/text.ts";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";
import { RoundAction } from "../ui/RoundAction.tsx";
import { Blocked } from "./Blocked.tsx";
import { Countdown, OwnPicture, RecLevel, RecNotes, RecTimer, RecWave } from "./RecParts.tsx";
import { type OpenView, openView, useRecordKeys } from "./recording.ts";

function ThirdAction({ view }: { view: OpenView }) {
	const { recorder } = useApp();
	if (view.state === "paused" && view.canResume) {
		return <RoundAction icon={Mic} label={t("resume")} onClick={() => run(recorder.resume())} />;
	}
	if (view.state === "paused" && view.why === "limit") {
		return (
			<RoundAction icon={Send} label={t("send-and-go-on")} onClick={() => run(recorder.sendAndGoOn())} />
		);
	}
	return (
		<RoundAction
			icon={Pause}
			label={t("pause")}
			filled
			disabled={view.state !== "recording"}
			onClick={() => recorder.pause()}
		/>
	);
}

function StageFoot({ view }: { view: OpenView }) {
	const { recorder, calls } = useApp();
	if (view.state === "failed") {
		return view.canSave ? (
			<button type="button" class="stage-link" onClick={() => run(recorder.saveFile())}>
				{t("save-file")}
			</button>
		) : null;
	}
	return (
		<>
			<button
				type="button"
				class="stage-link"
				aria-pressed={view.review === "playing"}
				disabled={!view.canListen}
				onClick={() => recorder.listen()}
			>
				<Icon of={view.review === "playing" ? Square : Play} filled />
				{t("listen")}
			</button>
			<button
				type="button"
				class="stage-link"
				disabled={view.state === "sending"}
				onClick={() => recorder.keep()}
			>
				{t("keep-draft")}
			</button>
			<button
				type="button"
				class="stage-link"
				disabled={view.state === "sending"}
				onClick={() => run(calls.callAgain())}
			>
				<Icon of={Phone} />
				{t("call-again")}
			</button>
		</>
	);
}

function Open({ view }: { view: OpenView }) {
	const { recorder } = useApp();
	const failed = view.state === "failed";
	return (
		<>
			<div class="stage-space">
				<RecTimer />
				<RecWave bars={70} />
				<RecNotes view={view} />
			</div>
			<div class="stage-actions" data-three>
				<RoundAction
					icon={Trash2}
					label={t("discard")}
					disabled={view.state === "sending"}
					onClick={() => recorder.discard()}
				/>
				<span class="send-ring">
					<RecLevel size={100} maxMs={view.maxMs}>
						{null}
					</RecLevel>
					<RoundAction
						icon={failed && view.canRetry ? RotateCw : ArrowUp}
						label={t("send")}
						kind="voice"
						size="main"
						disabled={view.state === "sending" || (failed && !view.canRetry)}
						onClick={() => run(failed ? recorder.retry() : recorder.send())}
					/>
				</span>
				<ThirdAction view={view} />
			</div>
			<div class="stage-foot">
				<StageFoot view={view} />
			</div>
		</>
	);
}

/** In the place of the other's face: what the camera sees. */
export function StagePicture({ counts }: { counts: boolean }) {
	return <OwnPicture>{counts && <Countdown />}</OwnPicture>;
}

/** Recording on the screen of the call: the same places, other words. */
export function StageRecording() {
	const { recorder, calls } = useApp();
	const view = recorder.view.value;
	const open = openView(view);
	useRecordKeys(recorder);
	return (
		<div
			class="stage-recording"
			role="group"
			aria-label={t("recording")}
			tabIndex={-1}
			data-autofocus={open ? true : undefined}
		>
			{open && <Open view={open} />}
			{view.state === "opening" && <div class="stage-space" aria-busy="true" />}
			{view.state === "countdown" && (
				<>
					<div class="stage-space" />
					<div class="stage-actions" data-three>
						<RoundAction icon={Trash2} label={t("discard")} onClick={() => recorder.discard()} />
						<RoundAction
							icon={Video}
							label={t("skip-countdown")}
							kind="voice"
							size="main"
							autofocus
							onClick={() => recorder.skipCountdown()}
						/>
					</div>
					<div class="stage-foot" />
				</>
			)}
			{view.state === "blocked" && <Blocked view={view} onWrite={() => run(calls.cancel())} />}
		</div>
	);
}
