/* Screens that the first paint does not need. They come right after it, so that a call finds them there. */
import { lazy } from "../ui/lazy.tsx";

export const YouPage = lazy(async () => (await import("./YouPage.tsx")).YouPage);
export const CallBar = lazy(async () => (await import("../call/CallBar.tsx")).CallBar);
export const LiveStrip = lazy(async () => (await import("../call/LiveStrip.tsx")).LiveStrip);
export const RecordElsewhere = lazy(
	async () => (await import("../call/RecordElsewhere.tsx")).RecordElsewhere,
);
export const Incoming = lazy(async () => (await import("../call/Incoming.tsx")).Incoming);
export const Outgoing = lazy(async () => (await import("../call/Outgoing.tsx")).Outgoing);
export const InCall = lazy(async () => (await import("../call/InCall.tsx")).InCall);
export const RecordBar = lazy(async () => (await import("../call/RecordBar.tsx")).RecordBar);

export function preloadScreens(): void {
	for (const screen of [Incoming, Outgoing, CallBar, InCall, LiveStrip, RecordBar, RecordElsewhere, YouPage])
		screen.preload();
}
