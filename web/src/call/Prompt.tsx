import { AudioLines, Mic, Phone, PhoneOff, Video, X } from "lucide";
import { t } from "../i18n/text.ts";
import type { Kind } from "../state/types/base.ts";
import type { OutgoingView } from "../state/types/calls.ts";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";
import { RoundAction } from "../ui/RoundAction.tsx";
import { recordName } from "./recording.ts";

function SwitchKind({ kind }: { kind: Kind }) {
	const { calls, recorder } = useApp();
	const other: Kind = kind === "voice" ? "video" : "voice";
	if (!recorder.can[other]) return null;
	return (
		<button type="button" class="stage-link" onClick={() => run(calls.leaveNote(other))}>
			<Icon of={other === "video" ? Video : AudioLines} />
			{other === "video" ? t("video-instead") : t("voice-instead")}
		</button>
	);
}

function WhileRinging({ view }: { view: OutgoingView }) {
	const { calls } = useApp();
	return (
		<>
			<div class="stage-space" />
			<div class="stage-actions">
				<RoundAction
					icon={PhoneOff}
					label={t("cancel")}
					kind="end"
					onClick={() => run(calls.cancel())}
					autofocus={!view.canLeaveNoteNow}
				/>
				{view.canLeaveNoteNow && (
					<RoundAction
						icon={view.kind === "voice" ? Mic : Video}
						label={t("leave-note-now")}
						onClick={() => run(calls.leaveNote())}
						autofocus
					/>
				)}
			</div>
			<div class="stage-foot" />
		</>
	);
}

function Unanswered({ view, prompt }: { view: OutgoingView; prompt: "main" | "offered" | "small" | "none" }) {
	const { calls } = useApp();
	const offered = prompt !== "none";
	const main = prompt === "main" || prompt === "offered";
	return (
		<>
			<div class="stage-space">{prompt === "main" && <p class="stage-hint">{t("out-hint-note")}</p>}</div>
			<div class="stage-actions" data-three={offered || undefined}>
				<RoundAction icon={X} label={t("cancel")} onClick={() => run(calls.cancel())} autofocus={!offered} />
				{offered && (
					<RoundAction
						icon={view.kind === "voice" ? Mic : Video}
						label={recordName(view.kind)}
						kind={main ? "voice" : "quiet"}
						size={main ? "main" : "normal"}
						onClick={() => run(calls.leaveNote(view.kind))}
						autofocus
					/>
				)}
				{offered && (
					<RoundAction
						icon={view.kind === "voice" ? Phone : Video}
						label={t("call-again")}
						onClick={() => run(calls.callAgain())}
					/>
				)}
			</div>
			<div class="stage-foot">{main && <SwitchKind kind={view.kind} />}</div>
		</>
	);
}

/** What can be done while it rings, and once nobody answered: Cancel, Record, Call again. */
export function Prompt({ view }: { view: OutgoingView }) {
	const { phase } = view;
	if (view.refused)
		return <Unanswered view={view} prompt={view.refused.code === "not_found" ? "none" : "main"} />;
	switch (phase.name) {
		case "reaching":
		case "ringing":
			return <WhileRinging view={view} />;
		case "unanswered":
			return <Unanswered view={view} prompt={phase.prompt} />;
		case "note":
			/* The recorder is on its way; the place stays as it was. */
			return <div class="stage-space" aria-busy="true" />;
	}
}
