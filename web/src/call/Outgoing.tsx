import { useRef } from "preact/hooks";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { outcomeSentence } from "../i18n/words.ts";
import type { OutgoingView } from "../state/types/calls.ts";
import type { RecorderView } from "../state/types/recorder.ts";
import { Avatar, hueOf } from "../ui/Avatar.tsx";
import { lazy } from "../ui/lazy.tsx";
import { useFocusOn, useModal } from "../ui/modal.ts";
import { run, useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { Prompt } from "./Prompt.tsx";
import { headline } from "./recording.ts";
import { refusal } from "./refusal.ts";

/* Behind the screen of the call, and long before it can be tapped. */
const screen = () => import("./StageRecording.tsx");
const StageRecording = lazy(async () => (await screen()).StageRecording);
const StagePicture = lazy(async () => (await screen()).StagePicture);
StageRecording.preload();
StagePicture.preload();

function status(view: OutgoingView): string {
	const { name } = view.person;
	if (view.refused) return refusal(view.refused.code, name);
	switch (view.phase.name) {
		case "reaching":
			return t("reaching");
		case "ringing":
			return view.phase.devices > 1 ? t("ringing-devices", { count: view.phase.devices }) : t("ringing");
		case "unanswered":
			return outcomeSentence(view.phase.outcome, name, view.phase.quietUntil);
		case "note":
			return "";
	}
}

/* Also for a call that the server never took: its note has no call to name. */
function isRecording(
	view: OutgoingView,
	rec: RecorderView,
): rec is Exclude<RecorderView, { readonly state: "idle" }> {
	return view.phase.name === "note" && rec.state !== "idle" && rec.target.conv === view.conv;
}

function Sentence({ view }: { view: OutgoingView }) {
	const { recorder } = useApp();
	const rec = recorder.view.value;
	const recording = isRecording(view, rec);
	/* Only a pause reads the clock, so a running one does not redraw the sentence. */
	const length = rec.state === "paused" || rec.state === "failed" ? format.length(recorder.ms.value) : "";
	return (
		<p class="stage-status" role="status">
			{recording ? headline(rec, length) : status(view)}
		</p>
	);
}

export function OutgoingScreen({ view }: { view: OutgoingView }) {
	const { calls, recorder } = useApp();
	const surface = useRef<HTMLDivElement>(null);
	const rec = recorder.view.value;
	const recording = isRecording(view, rec);
	const phase = recording ? rec.state : view.phase.name;
	useModal(surface, recording ? null : () => run(calls.cancel()));
	useFocusOn(surface, phase);
	const video = recording && rec.kind === "video" && rec.state !== "blocked" && rec.state !== "opening";
	return (
		<div class="stage-place" data-enter>
			<div
				class="stage"
				role="dialog"
				aria-modal="true"
				aria-labelledby="stage-title"
				ref={surface}
				tabIndex={-1}
				data-phase={phase}
				style={{ "--hue": String(hueOf(view.person.id)) }}
			>
				<h2 id="stage-title" class="sr">
					{t("calling", { name: view.person.name })}
				</h2>
				<p class="stage-kind">{view.kind === "voice" ? t("voice-call") : t("video-call")}</p>
				<div
					class="stage-picture"
					data-pulse={(!recording && !view.refused && phase === "ringing") || undefined}
				>
					{video ? (
						<StagePicture counts={rec.state === "countdown"} />
					) : (
						<Avatar id={view.person.id} name={view.person.name} size="xl" />
					)}
				</div>
				<p class="stage-name" aria-hidden="true">
					<bdi>{view.person.name}</bdi>
				</p>
				<Sentence view={view} />
				{recording ? <StageRecording /> : <Prompt view={view} />}
			</div>
		</div>
	);
}

/** The caller's screen, from the first moment to the sent note: one place, nothing jumps. */
export function Outgoing() {
	const { calls } = useApp();
	const view = calls.outgoing.value;
	if (!view) return null;
	return (
		<Portal>
			<OutgoingScreen view={view} />
		</Portal>
	);
}
