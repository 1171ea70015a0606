import * as format from "../i18n/format.ts";
import type { RoomView } from "../state/types/rooms.ts";
import type { RoomEntry, ThreadModel } from "../state/types/thread.ts";
import { useApp } from "../ui/model.ts";
import { CardFrame } from "./CardFrame.tsx";
import { RoomAgain } from "./RoomAgain.tsx";
import { roomFacts, roomGlyph, roomName, roomTitle } from "./roomWords.ts";

export interface RoomCardProps {
	entry: RoomEntry;
	thread: ThreadModel;
	onDelete: (seq: number) => void;
}

/* Nobody came at first, but it can still be joined: the way in stands above the messages. */
function useOpen(entry: RoomEntry): RoomView | null {
	const { rooms } = useApp();
	for (const room of rooms.byConv.value.values()) if (room.room === entry.room) return room;
	return null;
}

/** A group call or voice chat that is over, or that nobody came to, with the note that was left then. */
export function RoomCard({ entry, thread, onDelete }: RoomCardProps) {
	const open = useOpen(entry);
	const group = thread.group.value !== null;
	return (
		<CardFrame
			entry={entry}
			thread={thread}
			missed={entry.missed && !open}
			name={roomName(entry, open)}
			glyph={roomGlyph(entry, open)}
			title={roomTitle(entry, open)}
			detail={[format.time(entry.startedTs), ...roomFacts(entry, open)].join(" · ")}
			again={!open && <RoomAgain entry={entry} conv={thread.conv} group={group} />}
			onDelete={onDelete}
		/>
	);
}
