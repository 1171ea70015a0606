/* What the recording screens share: the open recording, its keys, its words. */
import { useEffect } from "preact/hooks";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { Kind } from "../state/types/base.ts";
import type { RecOpen, RecorderModel, RecorderView, RecWarning } from "../state/types/recorder.ts";
import { run } from "../ui/model.ts";

export type OpenView = Extract<RecorderView, RecOpen>;

export function openView(view: RecorderView): OpenView | null {
	switch (view.state) {
		case "recording":
		case "paused":
		case "sending":
		case "failed":
			return view;
		case "idle":
		case "opening":
		case "countdown":
		case "blocked":
			return null;
	}
}

export function recordName(kind: Kind): string {
	return kind === "voice" ? t("record-voice") : t("record-video");
}

export function warningText(warning: RecWarning, leftMs: number): string {
	switch (warning) {
		case "silent":
			return t("warn-silent");
		case "deviceLost":
			return t("warn-device-lost");
		case "limitSoon":
			return t("warn-limit-soon", { seconds: format.seconds(Math.max(0, leftMs)) });
		case "cameraFailed":
			return t("warn-camera-failed");
		case "notSaved":
			return t("warn-not-saved");
		case "offline":
			return t("warn-offline");
	}
}

/** The one sentence above the actions. */
export function headline(view: RecorderView, length: string): string {
	switch (view.state) {
		case "idle":
			return "";
		case "opening":
			return t("recording-opening");
		case "countdown":
			return t("recording-soon", { name: view.target.name });
		case "recording":
			return t("recording-for", { name: view.target.name });
		case "paused":
			switch (view.why) {
				case null:
					return t("recording-paused");
				case "hidden":
					return t("paused-hidden", { length });
				case "interrupted":
					return t("paused-interrupted", { length });
				case "deviceLost":
					return t("warn-device-lost");
				case "limit":
					return t("paused-limit");
			}
			break;
		case "sending":
			return t("recording-sending", { name: view.target.name });
		case "failed":
			return `${t("rec-failed")} ${t("rec-failed-safe", { length })}`;
		case "blocked":
			return blockedTitle(view.code, view.kind);
	}
	return "";
}

type BlockedCode = Extract<RecorderView, { state: "blocked" }>["code"];

export function blockedTitle(code: BlockedCode, kind: Kind): string {
	switch (code) {
		case "denied":
			return t(`blocked-denied-${kind}`);
		case "no_device":
			return t(`blocked-none-${kind}`);
		case "in_use":
			return t(`blocked-in-use-${kind}`);
	}
}

export function blockedHelp(code: BlockedCode): string {
	switch (code) {
		case "denied":
			return t("blocked-denied-help");
		case "no_device":
			return t("blocked-none-help");
		case "in_use":
			return t("blocked-in-use-help");
	}
}

function typing(target: EventTarget | null): boolean {
	return target instanceof Element && target.closest("input, textarea, select, [contenteditable]") !== null;
}

function pressing(target: EventTarget | null): boolean {
	return target instanceof Element && target.closest("button, a, [role=slider], [role=menuitem]") !== null;
}

function act(recorder: RecorderModel, key: string, view: OpenView): boolean {
	if (key === "Escape") recorder.discard();
	else if (key === "Enter") run(recorder.send());
	else if (key === " " && view.state === "recording") recorder.pause();
	else if (key === " " && view.state === "paused" && view.canResume) run(recorder.resume());
	else return false;
	return true;
}

/** Space pauses, Enter sends, Escape discards (with undo): never while one types, and a focused button keeps its own keys. */
export function useRecordKeys(recorder: RecorderModel): void {
	useEffect(() => {
		const listen = (event: KeyboardEvent) => {
			const view = openView(recorder.view.value);
			const plain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey && !event.repeat;
			if (!view || view.state === "sending" || !plain || event.defaultPrevented || typing(event.target))
				return;
			if (event.key !== "Escape" && pressing(event.target)) return;
			if (act(recorder, event.key, view)) event.preventDefault();
		};
		/* Before the dialog hears it: Escape means the recording, not the screen around it. */
		document.addEventListener("keydown", listen, { capture: true });
		return () => document.removeEventListener("keydown", listen, { capture: true });
	}, [recorder]);
}
