import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { t } from "../i18n/text.ts";
import type { CallEntry, RoomEntry, ThreadModel } from "../state/types/thread.ts";
import { Icon } from "../ui/Icon.tsx";
import { NoteMenu } from "./NoteMenu.tsx";
import { NotePlayer, PlayButton } from "./NotePlayer.tsx";
import { SendingCard } from "./SendingCard.tsx";
import { VideoFrame } from "./VideoFrame.tsx";

type Called = Pick<CallEntry | RoomEntry, "missed" | "note" | "noteDeleted" | "sending">;

function NotePart({ note, sending, noteDeleted, thread }: Called & { thread: ThreadModel }) {
	if (sending) return <SendingCard note={sending} thread={thread} />;
	if (!note) return noteDeleted ? <p class="aside">{t("note-removed")}</p> : null;
	return (
		<>
			{note.kind === "voice" ? <PlayButton note={note} /> : <VideoFrame note={note} />}
			<NotePlayer note={note} />
		</>
	);
}

export interface CardFrameProps {
	entry: Called;
	thread: ThreadModel;
	missed?: boolean;
	name: string;
	glyph: IconNode;
	title: string;
	detail: string;
	/* Call back. */
	again: ComponentChildren;
	/* In place of the note. */
	now?: ComponentChildren;
	onDelete: (seq: number) => void;
}

/** A call, of two or of a group, and the note that was left for it: one card, one name. */
export function CardFrame({
	entry,
	thread,
	missed = entry.missed,
	again,
	now,
	onDelete,
	...of
}: CardFrameProps) {
	const { note } = entry;
	const unheard = note !== null && !note.mine && !note.played;
	return (
		<article
			class="call-card"
			aria-label={of.name}
			data-missed={missed || undefined}
			data-unheard={unheard || undefined}
			data-note={note?.kind ?? entry.sending?.kind}
		>
			<span class="call-ring">
				<Icon of={of.glyph} />
			</span>
			<div class="call-words">
				<p class="call-title">{of.title}</p>
				<p class="call-detail">{of.detail}</p>
			</div>
			<div class="call-actions">
				{note?.canDelete && <NoteMenu seq={note.seq} onDelete={onDelete} />}
				{again}
			</div>
			{now || <NotePart {...entry} thread={thread} />}
		</article>
	);
}
