import { Maximize2, Mic, MicOff, PhoneOff } from "lucide";
import { t } from "../i18n/roomText.ts";
import type { RoomTalkView } from "../state/types/rooms.ts";
import { Button } from "../ui/Button.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { LinkStatus } from "./QualityMark.tsx";
import { RaiseHand, React } from "./RoomBar.tsx";
import { Faces, WhoIsIn } from "./RoomStrip.tsx";
import { Rising } from "./RoomTile.tsx";
import "./talk.css";
import "./room.css";
import "./roomStrip.css";

function Bar({ view }: { view: RoomTalkView }) {
	const { rooms } = useApp();
	const { room, mine } = view;
	const people = room.people.filter(one => one.here);
	return (
		<section class="call-bar room-call-bar" aria-label={t("call-region")} data-enter>
			<Faces people={people} />
			<div class="who">
				<p class="call-with">
					<bdi>{room.group.name}</bdi>
				</p>
				<div class="room-strip-who">
					{view.link === "connected" ? (
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
					onClick={() => rooms.setMuted(!mine.muted)}
				/>
				<React />
				<RaiseHand view={view} />
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
