import { Hand, MicOff, MonitorUp, Pin, WifiOff } from "lucide";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { ReactionView, RoomPerson, TileStream, TileView } from "../state/types/rooms.ts";
import { Avatar, hueOf } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";
import type { Box } from "./roomLayout.ts";

interface PictureProps {
	of: TileStream;
	waiting: boolean;
	mirrored: boolean;
	whole: boolean;
	/* It has drawn a frame; asked again while it waits. */
	onFrame?: (() => void) | undefined;
}

/* Calls back at each new frame, where the browser tells; else often enough. */
function everyFrame(video: HTMLVideoElement, fn: () => void): () => void {
	let over = false;
	if ("requestVideoFrameCallback" in video) {
		const again = () => {
			if (over) return;
			fn();
			if (!over) handle = video.requestVideoFrameCallback(again);
		};
		let handle = video.requestVideoFrameCallback(again);
		return () => {
			over = true;
			video.cancelVideoFrameCallback(handle);
		};
	}
	const element = video as HTMLVideoElement;
	const look = () => element.readyState >= element.HAVE_CURRENT_DATA && fn();
	const timer = setInterval(look, 200);
	return () => clearInterval(timer);
}

/** Muted, since the voice comes by another way and must not come twice. */
function Picture({ of, waiting, mirrored, whole, onFrame }: PictureProps) {
	const video = useRef<HTMLVideoElement>(null);
	useLayoutEffect(() => {
		const element = video.current;
		if (!element) return;
		element.srcObject = of.stream;
		return () => {
			element.srcObject = null;
		};
	}, [of.stream]);
	useEffect(() => {
		if (!waiting || !video.current || !onFrame) return;
		return everyFrame(video.current, onFrame);
	}, [waiting, onFrame]);
	return (
		<video
			ref={video}
			muted
			autoplay
			playsInline
			data-waiting={waiting || undefined}
			data-mirrored={mirrored || undefined}
			data-whole={whole || undefined}
		/>
	);
}

interface TilePicturesProps {
	tile: Pick<TileView, "shown" | "next">;
	mirrored?: boolean;
	whole?: boolean;
	onFrame?: (() => void) | undefined;
}

/** The picture, and unseen behind it the one that is to take its place. */
export function TilePictures({ tile, mirrored = false, whole = false, onFrame }: TilePicturesProps) {
	const streams = [tile.shown, tile.next].filter(one => one !== null);
	return (
		<>
			{streams.map(one => (
				<Picture
					key={one.key}
					of={one}
					waiting={one !== tile.shown}
					mirrored={mirrored}
					whole={whole}
					onFrame={onFrame}
				/>
			))}
		</>
	);
}

/** Emoji that rise along the tile; screen readers have their summary elsewhere. */
export function Rising({ reactions }: { reactions: readonly ReactionView[] }) {
	return (
		<div class="rising" role="presentation" aria-hidden="true">
			{reactions.map(({ id, emoji, count }) => (
				<span class="rise" key={id} style={{ "--lane": String(id % 5) }}>
					{emoji}
					{count > 1 && <b>×{count}</b>}
				</span>
			))}
		</div>
	);
}

function nameOf(of: RoomPerson, name: string): string {
	if (of.state === "away") return t("tile-away", { name });
	if (of.hand !== null) return t("tile-hand", { name, number: of.hand });
	if (of.speaking) return t("tile-speaking", { name });
	return of.muted ? t("tile-muted", { name }) : name;
}

export interface RoomTileProps {
	of: RoomPerson;
	label: string;
	place: Box | null;
	shown: TileStream | null;
	next?: TileStream | null;
	whole?: boolean;
	mirrored?: boolean;
	speaking: boolean;
	/* The one that is large, or where none is, whoever speaks. */
	current: boolean;
	pinned?: boolean;
	reactions: readonly ReactionView[];
	onPin?: () => void;
	onFrame?: () => void;
}

/** One person of a room, or what they share: their picture, else their face in a ring while they speak. */
export function RoomTile(props: RoomTileProps) {
	const { of, label, place, shown, next = null, whole = false, mirrored = false, speaking } = props;
	const style = place && {
		insetInlineStart: `${place.x.toFixed(1)}px`,
		insetBlockStart: `${place.y.toFixed(1)}px`,
		inlineSize: `${place.width.toFixed(1)}px`,
		blockSize: `${place.height.toFixed(1)}px`,
		"--hue": String(hueOf(of.person.id)),
	};
	return (
		<div
			class="room-tile"
			role="group"
			aria-label={nameOf(of, label)}
			aria-current={props.current ? "true" : undefined}
			data-speaking={speaking || undefined}
			data-picture={shown !== null || undefined}
			data-away={of.state === "away" || undefined}
			style={style ?? { "--hue": String(hueOf(of.person.id)) }}
		>
			{shown === null && (
				<span class="room-face">
					<Avatar id={of.person.id} name={of.person.name} size="xl" />
				</span>
			)}
			<TilePictures tile={{ shown, next }} mirrored={mirrored} whole={whole} onFrame={props.onFrame} />
			<Rising reactions={props.reactions} />
			{of.hand !== null && !whole && (
				<span class="room-hand" aria-hidden="true">
					<Icon of={Hand} size="s" />
					{of.hand}
				</span>
			)}
			<span class="tile-name" aria-hidden="true">
				{whole && <Icon of={MonitorUp} />}
				{of.state === "away" && <Icon of={WifiOff} />}
				{props.pinned && <Icon of={Pin} />}
				{of.muted && !whole && <Icon of={MicOff} />}
				<bdi>{label}</bdi>
			</span>
			{props.onPin && (
				<button
					type="button"
					class="room-pin"
					aria-label={props.pinned ? t("tile-unpin") : t("tile-pin", { name: label })}
					aria-pressed={props.pinned ?? false}
					onClick={props.onPin}
				/>
			)}
		</div>
	);
}
