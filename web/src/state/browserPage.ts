import type { Clock } from "../lib/clock.ts";
import type { PagePort } from "./env.ts";

export function browserPage(clock: Clock, onOpen: (fn: (conv: number) => void) => () => void): PagePort {
	return {
		visible: () => document.visibilityState === "visible",
		onVisible: fn => listen(document, ["visibilitychange"], fn),
		online: () => navigator.onLine,
		onOnline: fn => listen(window, ["online", "offline"], fn),
		onLeave: fn => listen(window, ["pagehide"], fn),
		onOpen,
		takeToken,
		origin: () => location.origin,
		deviceName,
		reload: () => location.assign("/"),
		vibrate: pattern => {
			/* Without a gesture browsers refuse, and say so in the console; that is all there is to it. */
			if (navigator.userActivation?.hasBeenActive !== false) navigator.vibrate?.([...pattern]);
		},
		fileUrl,
		saveFile(name, mime, bytes) {
			const { url, release } = fileUrl(mime, bytes);
			const link = document.createElement("a");
			link.href = url;
			link.download = name;
			link.click();
			clock.after(60_000, release);
		},
	};
}

function fileUrl(mime: string, bytes: readonly Uint8Array<ArrayBuffer>[]): { url: string; release(): void } {
	const url = URL.createObjectURL(new Blob([...bytes], { type: mime }));
	return { url, release: () => URL.revokeObjectURL(url) };
}

function listen(target: EventTarget, names: readonly string[], fn: () => void): () => void {
	for (const name of names) target.addEventListener(name, fn);
	return () => {
		for (const name of names) target.removeEventListener(name, fn);
	};
}

/* Tokens stay in the fragment, out of logs, and leave the address at once, out of history and sight. */
function takeToken(): { type: "invite" | "link"; token: string } | null {
	const match = /^#([il])=([A-Za-z0-9_-]{8,512})$/.exec(location.hash);
	if (match?.[1] === undefined || match[2] === undefined) return null;
	history.replaceState(null, "", location.pathname + location.search);
	return { type: match[1] === "i" ? "invite" : "link", token: match[2] };
}

/* "Firefox on Linux": what a person recognises in the list of devices. */
function deviceName(): string {
	const agent = navigator.userAgent;
	const browsers: readonly [RegExp, string][] = [
		[/Firefox\//, "Firefox"],
		[/Edg\//, "Edge"],
		[/OPR\//, "Opera"],
		[/Chrom(e|ium)\//, "Chrome"],
		[/Safari\//, "Safari"],
	];
	const systems: readonly [RegExp, string][] = [
		[/Android/, "Android"],
		[/iPhone/, "iPhone"],
		[/iPad/, "iPad"],
		[/Windows/, "Windows"],
		[/Mac OS X/, "Mac"],
		[/Linux|X11/, "Linux"],
	];
	const browser = browsers.find(([pattern]) => pattern.test(agent))?.[1] ?? "Browser";
	const system = systems.find(([pattern]) => pattern.test(agent))?.[1];
	return system === undefined ? browser : `${browser} on ${system}`;
}
