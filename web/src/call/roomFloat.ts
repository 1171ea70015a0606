/* The speaker's picture in a window of its own, beside whatever else is on the screen: while chats are read, and while this page is hidden.
 * It belongs to the room, not to a screen of it, and ends with the room. */
import { effect } from "@preact/signals";
import type { RoomsModel, RoomTalkView, TileView } from "../state/types/rooms.ts";
import { endFloat } from "./floating.ts";

const HEIGHT = 360;
/* A hidden page draws nothing, so that no frame says that a picture has come. */
const LOOK_MS = 500;

const hasPicture = ({ source, of }: TileView) => (source === "screen" ? of.screen : of.camera);

/** What is large, or would be; where that has no picture, whoever speaks, or else anybody who is seen. */
export function spokenTile(view: RoomTalkView): TileView | null {
	const seen = view.tiles.filter(hasPicture);
	return seen.find(tile => tile.key === view.stage) ?? seen.find(tile => tile.of.speaking) ?? seen[0] ?? null;
}

/* Follows the speaker until the window is closed, by whomever. */
function follow(rooms: RoomsModel, video: HTMLVideoElement): () => void {
	let waiting: string | null = null;
	const off = effect(() => {
		const view = rooms.view.value;
		const tile = view && spokenTile(view);
		waiting = tile?.next ? tile.key : null;
		const stream = tile?.shown?.stream;
		if (!tile) queueMicrotask(endFloat);
		else rooms.floats(tile.key, HEIGHT);
		if (!stream || video.srcObject === stream) return;
		video.srcObject = stream;
		void video.play().catch(() => {});
	});
	const timer = setInterval(() => document.hidden && waiting !== null && rooms.frame(waiting), LOOK_MS);
	return () => {
		off();
		clearInterval(timer);
		rooms.floats(null, 0);
	};
}

/** Opens the window, or closes it. Call inside a click. Refused when the picture has no size yet; it can be pressed again. */
export async function float(rooms: RoomsModel): Promise<void> {
	const view = rooms.view.value;
	const stream = view && spokenTile(view)?.shown?.stream;
	if (document.pictureInPictureElement) return endFloat();
	if (!stream) return;
	const video = document.createElement("video");
	video.className = "room-floating";
	video.muted = video.playsInline = true;
	video.srcObject = stream;
	document.body.append(video);
	let off = () => {};
	const end = () => {
		off();
		video.srcObject = null;
		video.remove();
	};
	video.addEventListener("leavepictureinpicture", end, { once: true });
	try {
		await video.play();
		await video.requestPictureInPicture();
		off = follow(rooms, video);
	} catch {
		end();
	}
}
