import { t } from "../i18n/roomText.ts";
import type { RoomView } from "../state/types/rooms.ts";
import type { RoomEntry } from "../state/types/thread.ts";
import { Button } from "../ui/Button.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { kindGlyph } from "./roomWords.ts";

/** Into a room that is open; nothing for who is in it here. */
export function JoinRoom({ room }: { room: RoomView }) {
	const { rooms } = useApp();
	if (room.here === "here") return null;
	const move = room.here === "elsewhere";
	const options = move || room.kind === "chat" ? {} : { camera: room.kind === "video" };
	const name = move ? t("move-here") : t("room-join");
	return (
		<Button kind="answer" icon={kindGlyph(room.kind)} onClick={() => run(rooms.join(room.room, options))}>
			{name}
		</Button>
	);
}

export interface RoomAgainProps {
	entry: RoomEntry;
	conv: number;
	/* Of a room into which somebody has invited me, the two of us are left to call. */
	group: boolean;
}

/** Calls those who were called then; a voice chat never called anybody. */
export function RoomAgain({ entry: { kind, mine }, conv, group }: RoomAgainProps) {
	const { calls, rooms } = useApp();
	if (kind === "chat") return null;
	return (
		<IconButton
			icon={kindGlyph(kind)}
			label={mine ? t("call-again") : t("call-back")}
			onClick={() => (group ? rooms.choose(conv, kind) : run(calls.start(conv, kind)))}
		/>
	);
}
