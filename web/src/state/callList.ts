/* What the "Calls" page lists: rooms that are open, then calls and rooms that are over, the newest first. Of all chats known here. */
import type { AppModel } from "./types/app.ts";
import type { ChatView } from "./types/chats.ts";
import type { RoomView } from "./types/rooms.ts";
import type { CallEntry, DisplayEntry, RoomEntry } from "./types/thread.ts";

export type CallLine =
	/* `chat` is null where somebody has invited me into a chat that is not mine. */
	| { readonly what: "open"; readonly key: string; readonly chat: ChatView | null; readonly room: RoomView }
	| { readonly what: "call"; readonly key: string; readonly chat: ChatView; readonly entry: CallEntry }
	| { readonly what: "room"; readonly key: string; readonly chat: ChatView; readonly entry: RoomEntry };

type Over = Extract<CallLine, { entry: unknown }>;

export function callList(app: Pick<AppModel, "chats" | "rooms" | "thread">): readonly CallLine[] {
	const chats = app.chats.all.value;
	const open = [...app.rooms.byConv.value.values()];
	const ids = new Set(open.map(room => room.room));
	const over = chats.flatMap(chat =>
		app.thread(chat.conv).entries.value.flatMap(entry => lineOf(chat, entry, ids)),
	);
	over.sort((a, b) => b.entry.startedTs - a.entry.startedTs);
	open.sort((a, b) => b.startedTs - a.startedTs);
	const lines = open.map(room => {
		const chat = chats.find(one => one.conv === room.conv) ?? null;
		return { what: "open" as const, key: room.room, chat, room };
	});
	return [...lines, ...over];
}

function lineOf(chat: ChatView, entry: DisplayEntry, open: ReadonlySet<string>): readonly Over[] {
	if (entry.type === "call") return [{ what: "call", key: entry.call, chat, entry }];
	/* While it is open nobody has missed it. */
	if (entry.type === "room" && !open.has(entry.room)) return [{ what: "room", key: entry.room, chat, entry }];
	return [];
}

export function isMissedLine(line: CallLine): boolean {
	return line.what !== "open" && line.entry.missed;
}
