import type { IconNode } from "lucide";
import { AudioLines, Phone, PhoneMissed, Video } from "lucide";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/roomText.ts";
import type { RoomEntry, ThreadModel } from "../state/types/thread.ts";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { useApp } from "../ui/model.ts";
import { NoteMenu } from "./NoteMenu.tsx";
import { NotePlayer, PlayButton } from "./NotePlayer.tsx";
import { noteSummary } from "./names.ts";
import { SendingCard } from "./SendingCard.tsx";
import { VideoFrame } from "./VideoFrame.tsx";

const NAMED = 4;

function glyph(entry: RoomEntry): IconNode {
	if (entry.missed) return PhoneMissed;
	if (entry.kind === "chat") return AudioLines;
	return entry.kind === "video" ? Video : Phone;
}

function title(entry: RoomEntry): string {
	if (entry.mine && entry.outcome === "no_one_joined") return t("room-no-one");
	return entry.missed ? t("room-missed") : t(`room-${entry.kind}`);
}

/* Whole minutes; what was shorter than one in seconds. */
export function roomLength(ms: number): string {
	const minutes = Math.round(ms / 60_000);
	if (minutes >= 1) return t("room-minutes", { count: minutes });
	return t("room-seconds", { count: Math.max(1, Math.round(ms / 1000)) });
}

function names(entry: RoomEntry): string {
	const all = entry.meThere ? [...entry.people, t("room-you")] : entry.people;
	if (all.length <= NAMED + 1) return format.list(all);
	return format.list([...all.slice(0, NAMED), t("more-names", { count: all.length - NAMED })]);
}

function detail(entry: RoomEntry): string {
	const parts = [format.time(entry.startedTs)];
	if (entry.outcome === "no_one_joined") {
		if (entry.kind !== "chat") parts.push(t(`room-${entry.kind}`));
		return parts.join(" · ");
	}
	if (entry.durationMs !== null && entry.durationMs > 0) parts.push(roomLength(entry.durationMs));
	const there = names(entry);
	if (there !== "") parts.push(there);
	return parts.join(" · ");
}

/** "Group voice call, 12 min, Ana, Ben and Carla." */
export function roomName(entry: RoomEntry): string {
	const said = detail(entry).split(" · ").slice(1);
	const sentence = `${[title(entry), ...said].join(", ")}.`;
	return entry.note ? `${sentence} ${noteSummary(entry.note)}` : sentence;
}

function NotePart({ entry, thread }: { entry: RoomEntry; thread: ThreadModel }) {
	const { note, sending } = entry;
	if (sending) return <SendingCard note={sending} thread={thread} />;
	if (!note) return entry.noteDeleted ? <p class="aside">{t("note-removed")}</p> : null;
	return (
		<>
			{note.kind === "voice" ? <PlayButton note={note} /> : <VideoFrame note={note} />}
			<NotePlayer note={note} />
		</>
	);
}

function Again({ entry, thread }: { entry: RoomEntry; thread: ThreadModel }) {
	const { rooms } = useApp();
	if (entry.kind === "chat") return null;
	const { kind } = entry;
	return (
		<IconButton
			icon={kind === "video" ? Video : Phone}
			label={entry.mine ? t("call-again") : t("call-back")}
			onClick={() => rooms.choose(thread.conv, kind)}
		/>
	);
}

export interface RoomCardProps {
	entry: RoomEntry;
	thread: ThreadModel;
	onDelete: (seq: number) => void;
}

/** A group call or voice chat that is over, with the note that was left when nobody came. */
export function RoomCard({ entry, thread, onDelete }: RoomCardProps) {
	const { note } = entry;
	const unheard = note !== null && !note.mine && !note.played;
	return (
		<article
			class="call-card"
			aria-label={roomName(entry)}
			data-missed={entry.missed || undefined}
			data-unheard={unheard || undefined}
			data-note={note?.kind ?? entry.sending?.kind}
		>
			<span class="call-ring">
				<Icon of={glyph(entry)} />
			</span>
			<div class="call-words">
				<p class="call-title">{title(entry)}</p>
				<p class="call-detail">{detail(entry)}</p>
			</div>
			<div class="call-actions">
				{note?.canDelete && <NoteMenu seq={note.seq} onDelete={onDelete} />}
				<Again entry={entry} thread={thread} />
			</div>
			<NotePart entry={entry} thread={thread} />
		</article>
	);
}
