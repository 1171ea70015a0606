import type { Kind } from "../wire/types.ts";

const WANTED: Record<Kind, readonly string[]> = {
	voice: ["audio/mp4;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"],
	video: ["video/mp4;codecs=avc1.42E01E,opus", "video/webm;codecs=vp8,opus", "video/mp4"],
};

/* The first that this browser records; null = none. What the recorder says afterwards counts, not this. */
export function chooseMime(kind: Kind, supported: (mime: string) => boolean): string | null {
	return WANTED[kind].find(supported) ?? null;
}

/* For "Save file". */
export function extensionOf(mime: string): string {
	if (mime.startsWith("audio/mp4")) return "m4a";
	if (mime.startsWith("video/mp4")) return "mp4";
	if (mime.startsWith("audio/ogg")) return "ogg";
	return "webm";
}
