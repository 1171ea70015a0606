import { EllipsisVertical, Trash2 } from "lucide";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { NoteEntry, SendingEntry, ThreadModel } from "../state/types/thread.ts";
import { Menu } from "../ui/Menu.tsx";
import { NotePlayer, PlayButton } from "./NotePlayer.tsx";
import { kindName, noteSummary } from "./names.ts";
import { SendingCard } from "./SendingCard.tsx";
import { VideoFrame } from "./VideoFrame.tsx";

/** A note without a call: the same line, without the call above it. */
export function NoteCard({ entry, onDelete }: { entry: NoteEntry; onDelete: (seq: number) => void }) {
	const { note, from } = entry;
	const at = format.time(note.ts);
	const unheard = !note.mine && !note.played;
	const items = [{ label: t("delete"), icon: Trash2, danger: true, run: () => onDelete(note.seq) }];
	return (
		<article
			class="call-card bare"
			aria-label={`${noteSummary(note)} ${from ? t("by-name", { name: from.name, time: at }) : at}`}
			data-unheard={unheard || undefined}
			data-note={note.kind}
		>
			{note.kind === "voice" ? <PlayButton note={note} /> : <VideoFrame note={note} />}
			<NotePlayer note={note} at={note.ts} />
			<div class="call-actions">
				{note.canDelete && <Menu icon={EllipsisVertical} label={t("more")} items={items} />}
			</div>
		</article>
	);
}

export function SendingNoteCard({ entry, thread }: { entry: SendingEntry; thread: ThreadModel }) {
	const { sending } = entry;
	const length = format.noteLength(sending.durationMs);
	const state = sending.state === "failed" ? t("state-failed") : t("note-being-sent");
	return (
		<article
			class="call-card bare"
			aria-label={t("note-summary", { kind: kindName(sending.kind), length, state })}
			data-sending
		>
			<SendingCard note={sending} thread={thread} />
		</article>
	);
}
