import type { IconNode } from "lucide";
import { Phone, PhoneIncoming, PhoneMissed, PhoneOutgoing, Video } from "lucide";
import { t } from "../i18n/text.ts";
import type { CallEntry, ThreadModel } from "../state/types/thread.ts";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { NoteMenu } from "./NoteMenu.tsx";
import { NotePlayer, PlayButton } from "./NotePlayer.tsx";
import { callDetail, callName, cardTitle } from "./names.ts";
import { SendingCard } from "./SendingCard.tsx";
import { VideoFrame } from "./VideoFrame.tsx";

function glyph(entry: CallEntry): IconNode {
	if (entry.missed) return PhoneMissed;
	if (entry.kind === "video" && entry.outcome === "answered") return Video;
	return entry.mine ? PhoneOutgoing : PhoneIncoming;
}

function NotePart({ entry, thread }: { entry: CallEntry; thread: ThreadModel }) {
	const { note, sending, beingLeft } = entry;
	if (beingLeft && (beingLeft.state === "recording" || beingLeft.state === "paused")) {
		const { name } = beingLeft.person;
		return (
			<p class="aside now">
				{beingLeft.kind === "voice" ? t("is-leaving-voice", { name }) : t("is-leaving-video", { name })}
			</p>
		);
	}
	if (sending) return <SendingCard note={sending} thread={thread} />;
	if (!note) return entry.noteDeleted ? <p class="aside">{t("note-removed")}</p> : null;
	if (note.kind === "voice") {
		return (
			<>
				<PlayButton note={note} />
				<NotePlayer note={note} />
			</>
		);
	}
	return (
		<>
			<VideoFrame note={note} />
			<NotePlayer note={note} />
		</>
	);
}

export interface CallCardProps {
	entry: CallEntry;
	thread: ThreadModel;
	onDelete: (seq: number) => void;
}

/** A call and the note that was left for it are one entry: one card, one name. */
export function CallCard({ entry, thread, onDelete }: CallCardProps) {
	const { calls } = useApp();
	const { note } = entry;
	const again = entry.mine ? t("call-again") : t("call-back");
	const unheard = note !== null && !note.mine && !note.played;
	return (
		<article
			class="call-card"
			aria-label={callName(entry)}
			data-missed={entry.missed || undefined}
			data-unheard={unheard || undefined}
			data-note={note?.kind ?? entry.sending?.kind}
		>
			<span class="call-ring">
				<Icon of={glyph(entry)} />
			</span>
			<div class="call-words">
				<p class="call-title">{cardTitle(entry)}</p>
				<p class="call-detail">{callDetail(entry)}</p>
			</div>
			<div class="call-actions">
				{note?.canDelete && <NoteMenu seq={note.seq} onDelete={onDelete} />}
				<IconButton
					icon={entry.kind === "video" ? Video : Phone}
					label={again}
					onClick={() => run(calls.start(thread.conv, entry.kind))}
				/>
			</div>
			<NotePart entry={entry} thread={thread} />
		</article>
	);
}
