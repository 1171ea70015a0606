import { signal } from "@preact/signals";
import type { Router } from "../ui/model.ts";

/* The address in the bar is the only state: reload, back and links from notifications all lead to the same screen. */
const path = signal(location.pathname);

addEventListener("popstate", () => {
	path.value = location.pathname;
});

export function go(to: string): void {
	if (to === location.pathname) return;
	history.pushState(null, "", to);
	path.value = to;
}

export function useRouter(): Router {
	return { path: path.value, go };
}

export type Tab = "chats" | "calls" | "you";

export function tabOf(at: string): Tab {
	if (at.startsWith("/calls")) return "calls";
	return at.startsWith("/you") ? "you" : "chats";
}
