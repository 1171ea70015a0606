import { Maximize2, Mic, MicOff, PhoneOff, PictureInPicture2 } from "lucide";
import { useEffect } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { RoomTalkView, TileView } from "../state/types/rooms.ts";
import { Button } from "../ui/Button.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { canFloat } from "./floating.ts";
import { LinkStatus } from "./QualityMark.tsx";
import { RaiseHand, React } from "./RoomBar.tsx";
import { Faces, WhoIsIn } from "./RoomStrip.tsx";
import { Rising, TilePictures } from "./RoomTile.tsx";
import { float, spokenTile } from "./roomFloat.ts";
import "./talk.css";
import "./room.css";
import "./roomStrip.css";

const SEEN = 44;

/* Small, instead of faces: who speaks, or what is shared. */
function Seen({ tile }: { tile: TileView }) {
	const { rooms } = useApp();
	const { key, source } = tile;
	useEffect(() => {
		rooms.sized(key, SEEN * (window.devicePixelRatio || 1));
		return () => rooms.sized(key, 0);
	}, [rooms, key]);
	return (
		<span class="room-seen" aria-hidden="true">
			<TilePictures tile={tile} whole={source === "screen"} onFrame={() => rooms.frame(key)} />
		</span>
	);
}

function Bar({ view }: { view: RoomTalkView }) {
	const { rooms } = useApp();
	const { room, mine } = view;
	const people = room.people.filter(one => one.here);
	const seen = spokenTile(view);
	return (
		<section class="call-bar room-call-bar" aria-label={t("call-region")} data-enter>
			{seen ? <Seen key={seen.key} tile={seen} /> : <Faces people={people} />}
			<div class="who">
				<p class="call-with">
					<bdi>{room.group.name}</bdi>
				</p>
				<div class="room-strip-who">
					{view.recording ? (
						<span class="now">{t("muted-recording")}</span>
					) : view.link === "connected" ? (
						<WhoIsIn people={people} />
					) : (
						<LinkStatus link={view.link} since={room.startedTs} quality={view.quality} />
					)}
				</div>
			</div>
			<div class="room-call-do">
				<IconButton
					icon={mine.muted ? MicOff : Mic}
					label={mine.muted ? t("unmute") : t("mute")}
					disabled={view.recording}
					onClick={() => rooms.setMuted(!mine.muted)}
				/>
				<React />
				<RaiseHand view={view} />
				{seen && canFloat() && (
					<IconButton
						icon={PictureInPicture2}
						label={t("picture-in-picture")}
						onClick={() => run(float(rooms))}
					/>
				)}
				<IconButton icon={Maximize2} label={t("back-to-call")} onClick={() => rooms.setLarge(true)} />
				<Button kind="danger" icon={PhoneOff} onClick={() => run(rooms.leave())}>
					{t("leave")}
				</Button>
			</div>
			<Rising reactions={rooms.reactions.value} />
		</section>
	);
}

/** Above the chats: the room that goes on while they are read. Voice chats begin here. */
export function RoomCallBar() {
	const { rooms } = useApp();
	const view = rooms.view.value;
	if (!view || view.taking || rooms.large.value) return null;
	return <Bar view={view} />;
}
