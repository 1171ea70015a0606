import { CircleAlert, CloudUpload, Download, RotateCw, Trash2 } from "lucide";
import { why } from "../i18n/errors.ts";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { SendingNote, ThreadModel } from "../state/types/thread.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run } from "../ui/model.ts";
import { Waveform } from "../ui/Waveform.tsx";

function words(note: SendingNote): string {
	switch (note.state) {
		case "sending":
			return t("note-sending");
		case "waiting":
			return note.failed === null ? t("note-waiting") : t("note-trouble", { why: why(note.failed) });
		case "failed":
			if (note.failed === "unreadable") return t("note-unreadable");
			return note.failed === null ? t("note-failed") : t("err-note", { why: why(note.failed) });
	}
}

/** A note of mine on its way. What failed is still here, and says what can be done. */
export function SendingCard({ note, thread }: { note: SendingNote; thread: ThreadModel }) {
	const failed = note.state === "failed";
	return (
		<>
			<span class="play still" data-failed={failed || undefined}>
				<Icon of={failed ? CircleAlert : CloudUpload} />
			</span>
			<div class="note-line">
				<div class="seek">
					<Waveform peaks={note.peaks} played={0} />
				</div>
				<div class="note-meta">
					<span class="timer">{format.noteLength(note.durationMs)}</span>
					<span role="status">{words(note)}</span>
				</div>
				{note.state !== "sending" && (
					<div class="row">
						{note.canRetry && (
							<Button icon={RotateCw} onClick={() => run(thread.retryNote(note.rec))}>
								{t("retry")}
							</Button>
						)}
						{note.canSave && (
							<Button icon={Download} onClick={() => run(thread.saveNote(note.rec))}>
								{t("save-file")}
							</Button>
						)}
						<Button kind="plain" icon={Trash2} onClick={() => run(thread.discardNote(note.rec))}>
							{t("discard")}
						</Button>
					</div>
				)}
			</div>
		</>
	);
}
