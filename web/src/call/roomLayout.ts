/* Where the tiles of a room stand. Pure: sizes in pixels of the page, from the leading top corner. */
import type { RoomLayout } from "../state/types/rooms.ts";

export interface Box {
	readonly x: number;
	readonly y: number;
	readonly width: number;
	readonly height: number;
}

const GAP = 8;
const ASPECT = 16 / 9;
/* A tile may be narrower than a picture is, rather than leave half of the window empty. */
const NARROWEST = 4 / 5;
/* Tiles beside the stage. */
const SIDE = { least: 132, most: 248, share: 0.2 };
const FOOT = { least: 84, most: 190, share: 0.24 };

/* As many columns as make the tiles as large as they can be. */
export function grid(count: number, box: Box, most = Number.POSITIVE_INFINITY): readonly Box[] {
	if (count === 0 || box.width <= 0 || box.height <= 0) return [];
	let best = { columns: 1, width: 0, height: 0 };
	for (let columns = 1; columns <= count; columns++) {
		const rows = Math.ceil(count / columns);
		const roomX = Math.max(1, (box.width - GAP * (columns - 1)) / columns);
		const roomY = Math.max(1, (box.height - GAP * (rows - 1)) / rows);
		const width = Math.min(roomX, roomY * ASPECT, most);
		const height = Math.min(roomY, width / NARROWEST, roomX >= roomY ? width / ASPECT : roomY, most);
		if (width * height > best.width * best.height) best = { columns, width, height };
	}
	const rows = Math.ceil(count / best.columns);
	const all = (n: number, size: number) => n * size + (n - 1) * GAP;
	const top = box.y + (box.height - all(rows, best.height)) / 2;
	return Array.from({ length: count }, (_, i) => {
		const row = Math.floor(i / best.columns);
		/* The last row stands in the middle. */
		const inRow = row === rows - 1 ? count - row * best.columns : best.columns;
		const left = box.x + (box.width - all(inRow, best.width)) / 2;
		return {
			x: left + (i % best.columns) * (best.width + GAP),
			y: top + row * (best.height + GAP),
			width: best.width,
			height: best.height,
		};
	});
}

const within = (value: number, { least, most }: { least: number; most: number }) =>
	Math.max(least, Math.min(most, value));

/* The stage, and the others beside it: at the trailing side of a wide window, at the foot of a high one. */
function speaker(keys: readonly string[], stage: string, box: Box): ReadonlyMap<string, Box> {
	const others = keys.filter(key => key !== stage);
	if (others.length === 0) return new Map([[stage, box]]);
	const wide = box.width >= box.height * 1.1;
	const side = within(box.width * SIDE.share, SIDE);
	const foot = within(box.height * FOOT.share, FOOT);
	const main = wide ? { ...box, width: box.width - side - GAP } : { ...box, height: box.height - foot - GAP };
	const rest = wide
		? { ...box, x: box.x + box.width - side, width: side }
		: { ...box, y: box.y + box.height - foot, height: foot };
	const places = grid(others.length, rest, SIDE.most);
	const found = new Map([[stage, main]]);
	for (const [i, key] of others.entries()) {
		const place = places[i];
		if (place !== undefined) found.set(key, place);
	}
	return found;
}

export function placesOf(
	keys: readonly string[],
	stage: string | null,
	layout: RoomLayout,
	width: number,
	height: number,
): ReadonlyMap<string, Box> {
	const box = { x: 0, y: 0, width, height };
	if (layout === "speaker" && stage !== null && keys.includes(stage)) return speaker(keys, stage, box);
	const places = grid(keys.length, box);
	return new Map(keys.flatMap((key, i) => (places[i] === undefined ? [] : [[key, places[i]]])));
}
