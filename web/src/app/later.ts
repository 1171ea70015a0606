/* Screens that the first paint does not need. They come right after it, so that a call finds them there. */
import { ChatInfo, GroupInfo } from "../chat/later.ts";
import { lazy } from "../ui/lazy.tsx";

/* Who is signed in never sees it. */
export const EntryPage = lazy(async () => (await import("./Entry.tsx")).EntryPage);
export const YouPage = lazy(async () => (await import("./YouPage.tsx")).YouPage);
export const CallsPage = lazy(async () => (await import("../chat/CallsPage.tsx")).CallsPage);
export const NewChat = lazy(async () => (await import("../chat/NewChat.tsx")).NewChat);
export const CallBar = lazy(async () => (await import("../call/CallBar.tsx")).CallBar);
export const LiveStrip = lazy(async () => (await import("../call/LiveStrip.tsx")).LiveStrip);
export const RecordElsewhere = lazy(
	async () => (await import("../call/RecordElsewhere.tsx")).RecordElsewhere,
);
export const Incoming = lazy(async () => (await import("../call/Incoming.tsx")).Incoming);
export const Outgoing = lazy(async () => (await import("../call/Outgoing.tsx")).Outgoing);
export const InCall = lazy(async () => (await import("../call/InCall.tsx")).InCall);
export const InRoom = lazy(async () => (await import("../call/InRoom.tsx")).InRoom);
export const RoomCallBar = lazy(async () => (await import("../call/RoomCallBar.tsx")).RoomCallBar);
export const RoomStart = lazy(async () => (await import("../call/RoomStart.tsx")).RoomStart);
export const RoomStrip = lazy(async () => (await import("../call/RoomStrip.tsx")).RoomStrip);
export const RecordBar = lazy(async () => (await import("../call/RecordBar.tsx")).RecordBar);

const all = [
	Incoming,
	Outgoing,
	CallBar,
	InCall,
	LiveStrip,
	RecordBar,
	RecordElsewhere,
	NewChat,
	CallsPage,
	YouPage,
	ChatInfo,
	GroupInfo,
];

export function preloadScreens(): void {
	for (const screen of all) screen.preload();
}
