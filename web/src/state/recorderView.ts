/* What the recorder shows of an open recording. */
import { unreachable } from "../lib/unreachable.ts";
import type { Core } from "./core.ts";
import type { OpenRecording } from "./openRecording.ts";
import type { Kind } from "./types/base.ts";
import type { RecOpen, RecorderModel, RecorderView, RecTarget, RecWarning } from "./types/recorder.ts";

export type Phase =
	| { readonly name: "idle" }
	| { readonly name: "opening" | "countdown"; readonly target: RecTarget; readonly kind: Kind }
	| {
			readonly name: "blocked";
			readonly target: RecTarget;
			readonly kind: Kind;
			readonly code: "denied" | "no_device" | "in_use";
	  }
	| { readonly name: "open"; readonly session: OpenRecording };

/* From the tap until it is sent, kept or dropped: in a pause it may go on at any moment. */
const UNDER_WAY: ReadonlySet<string> = new Set(["opening", "countdown", "recording", "paused"]);

/** A note is being recorded, which nobody whom I talk to meanwhile is to hear. */
export function underWay(recorder: RecorderModel): boolean {
	return UNDER_WAY.has(recorder.view.value.state);
}

export function phaseView(
	core: Core,
	phase: Phase,
	listeners: readonly number[],
	reviewing: boolean,
): RecorderView {
	switch (phase.name) {
		case "idle":
			return { state: "idle" };
		case "opening":
			return { state: "opening", target: phase.target, kind: phase.kind };
		case "countdown":
			return { state: "countdown", target: phase.target, kind: "video" };
		case "blocked":
			return { state: "blocked", target: phase.target, kind: phase.kind, code: phase.code };
		case "open":
			return openView(core, phase.session, listeners, reviewing);
		default:
			return unreachable(phase);
	}
}

function openView(
	core: Core,
	session: OpenRecording,
	listeners: readonly number[],
	reviewing: boolean,
): RecorderView {
	const mode = session.mode.value;
	const { recording, target } = session;
	const { maxMs } = session;
	const open: RecOpen = {
		rec: recording.local.rec,
		target,
		kind: recording.kind,
		maxMs,
		warnings: warnings(core, session, maxMs),
		canBeHeard: recording.upload.live.value,
		listeners: listeners.map(user => core.person(user).name),
		review: reviewing ? "playing" : "off",
		canListen: mode.name === "recording" || mode.name === "paused",
	};
	switch (mode.name) {
		case "recording":
		case "sending":
			return { ...open, state: mode.name };
		case "paused":
			return { ...open, state: "paused", why: mode.why, canResume: mode.why !== "limit" };
		case "failed":
			return { ...open, state: "failed", code: mode.code, canRetry: mode.canRetry, canSave: true };
		default:
			return unreachable(mode);
	}
}

function warnings(core: Core, session: OpenRecording, maxMs: number): readonly RecWarning[] {
	const { recording } = session;
	const found: RecWarning[] = [];
	const running = session.mode.value.name === "recording";
	if (running && recording.silent.value) found.push("silent");
	if (session.lost.value) found.push("deviceLost");
	if (session.cameraFailed) found.push("cameraFailed");
	if (recording.notSaved.value) found.push("notSaved");
	if (!core.online) found.push("offline");
	/* Read as a step, not as a running number: the view changes when it is crossed, not 20 times a second. */
	if (recording.nearLimit(maxMs - core.limits.value.warnMs).value) found.push("limitSoon");
	return found;
}
