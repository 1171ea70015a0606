import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { ReactionView, RoomTalkView, TileView } from "../state/types/rooms.ts";
import { useApp } from "../ui/model.ts";
import { type Corner, useMovable } from "./movable.ts";
import { Rising, RoomTile } from "./RoomTile.tsx";
import { type Box, placesOf } from "./roomLayout.ts";
import { isSpeaking } from "./Tile.tsx";

const OWN = "own";
const MORE = "more";
/* Over the stage, where no other tile stands in either layout. */
const OWN_FIRST: Corner = { block: "start", inline: "start" };

function useSize() {
	const ref = useRef<HTMLDivElement>(null);
	const [size, setSize] = useState({ width: 0, height: 0 });
	useLayoutEffect(() => {
		const element = ref.current;
		if (!element) return;
		const measure = () => setSize({ width: element.clientWidth, height: element.clientHeight });
		measure();
		const watch = new ResizeObserver(measure);
		watch.observe(element);
		return () => watch.disconnect();
	}, []);
	return { ref, ...size };
}

/* The server sends what is drawn, as large as it is drawn. */
function useHeights(tiles: readonly TileView[], places: ReadonlyMap<string, Box>): void {
	const { rooms } = useApp();
	const told = useRef(new Set<string>());
	useEffect(() => {
		const now = new Set<string>();
		for (const { key } of tiles) {
			const height = places.get(key)?.height ?? 0;
			if (height > 0) now.add(key);
			rooms.sized(key, height * (window.devicePixelRatio || 1));
		}
		for (const key of told.current) if (!now.has(key)) rooms.sized(key, 0);
		told.current = now;
	});
	useEffect(
		() => () => {
			for (const key of told.current) rooms.sized(key, 0);
		},
		[rooms],
	);
}

interface OneProps {
	view: RoomTalkView;
	tile: TileView;
	place: Box | null;
	reactions: readonly ReactionView[];
}

function One({ view, tile, place, reactions }: OneProps) {
	const { rooms } = useApp();
	const { key, source, of } = tile;
	const { name } = of.person;
	const screen = source === "screen";
	const speaking = of.speaking && !screen;
	const onFrame = useCallback(() => rooms.frame(key), [rooms, key]);
	const pinned = view.pinned === key;
	return (
		<RoomTile
			of={of}
			label={screen ? t("tile-screen", { name }) : name}
			place={place}
			shown={tile.shown}
			next={tile.next}
			whole={screen}
			speaking={speaking}
			current={view.stage === null ? speaking : view.stage === key}
			pinned={pinned}
			reactions={screen ? [] : reactions.filter(one => one.user === of.person.id)}
			onPin={() => rooms.pin(pinned ? null : key)}
			onFrame={onFrame}
		/>
	);
}

function Own({ view, place, reactions }: Omit<OneProps, "tile">) {
	const { rooms, session } = useApp();
	const stream = rooms.ownPicture.value;
	const speaking = isSpeaking(rooms.level.value) && !view.mine.muted;
	if (view.me === null || session.value.state !== "signedIn") return null;
	const me = session.value.me.id;
	return (
		<RoomTile
			of={{ ...view.me, muted: view.mine.muted, speaking }}
			label={t("tile-you")}
			place={place}
			shown={stream && { key: stream.id, stream }}
			mirrored={rooms.mirrored.value}
			speaking={speaking}
			current={place !== null && view.stage === null && speaking}
			reactions={reactions.filter(one => one.user === me)}
		/>
	);
}

/* Small, to be carried to another corner; never on the stage. */
function SmallOwn(props: Omit<OneProps, "tile" | "place">) {
	const box = useRef<HTMLDivElement>(null);
	const { corner, onPointerDown, onKeyDown } = useMovable(box, () => {}, OWN_FIRST);
	return (
		<div class="room-own" ref={box} data-block={corner.block} data-inline={corner.inline}>
			<Own {...props} place={null} />
			<button
				type="button"
				class="talk-swap"
				aria-label={t("own-move")}
				onPointerDown={onPointerDown}
				onKeyDown={onKeyDown}
			/>
		</div>
	);
}

export interface RoomTilesProps {
	view: RoomTalkView;
	onPeople: () => void;
}

/** Everybody who is in it: one large and the rest beside it, or all alike. */
export function RoomTiles({ view, onPeople }: RoomTilesProps) {
	const { rooms } = useApp();
	const { ref, width, height } = useSize();
	const reactions = rooms.reactions.value;
	const { tiles, more, stage, layout } = view;
	const small = layout === "speaker" && tiles.length > 0;
	const keys = tiles.map(tile => tile.key);
	if (more > 0) keys.push(MORE);
	if (!small) keys.push(OWN);
	const places = placesOf(keys, stage, layout, width, height);
	useHeights(tiles, places);
	const seen = new Set(tiles.map(tile => tile.of.person.id));
	const unseen = reactions.filter(one => !seen.has(one.user) && one.user !== view.me?.person.id);
	const rest = places.get(MORE);
	return (
		<div class="room-tiles" role="group" aria-label={t("participants")} ref={ref}>
			{tiles.map(tile => (
				<One
					key={tile.key}
					view={view}
					tile={tile}
					place={places.get(tile.key) ?? null}
					reactions={reactions}
				/>
			))}
			{rest && (
				<button
					type="button"
					class="room-more"
					style={{
						insetInlineStart: `${rest.x}px`,
						insetBlockStart: `${rest.y}px`,
						inlineSize: `${rest.width}px`,
						blockSize: `${rest.height}px`,
					}}
					aria-label={t("tile-more", { count: more })}
					onClick={onPeople}
				>
					+{more}
				</button>
			)}
			{small ? (
				<SmallOwn view={view} reactions={reactions} />
			) : (
				<Own view={view} place={places.get(OWN) ?? null} reactions={reactions} />
			)}
			{unseen.length > 0 && (
				<div class="room-crowd">
					<Rising reactions={unseen} />
				</div>
			)}
		</div>
	);
}
