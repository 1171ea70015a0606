import { AudioLines, MicOff, Phone, Video } from "lucide";
import { useState } from "preact/hooks";
import { namesOf } from "../i18n/roomNames.ts";
import { t } from "../i18n/roomText.ts";
import type { RoomPerson, RoomView } from "../state/types/rooms.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp } from "../ui/model.ts";
import "./roomStrip.css";

const FACES = 5;
const NAMED = 3;

export function Faces({ people }: { people: readonly RoomPerson[] }) {
	return (
		<span class="room-faces" aria-hidden="true">
			{people.slice(0, FACES).map(one => (
				<span key={one.person.id} data-speaking={one.speaking || undefined}>
					<Avatar id={one.person.id} name={one.person.name} size="s" />
				</span>
			))}
		</span>
	);
}

function inLine(people: readonly RoomPerson[]): readonly RoomPerson[] {
	return people.filter(one => one.hand !== null).sort((a, b) => (a.hand ?? 0) - (b.hand ?? 0));
}

/* Who is in it, who of them speaks, and who would like to. */
export function WhoIsIn({ people }: { people: readonly RoomPerson[] }) {
	const speaking = people.filter(one => one.speaking);
	const hands = inLine(people);
	if (people.length === 0) return <>{t("room-in-it-nobody")}</>;
	return (
		<>
			{hands.length > 0 && (
				<span class="now">
					{t("hands-up", { names: namesOf(hands, NAMED) })}
					<i> · </i>
				</span>
			)}
			{speaking.length > 0 && (
				<span class="now">
					{t("room-speaking", { names: namesOf(speaking, NAMED) })}
					<i> · </i>
				</span>
			)}
			{t("room-in-it", { names: namesOf(people, NAMED) })}
		</>
	);
}

function title(room: RoomView): string {
	if (room.kind === "chat") return t("voice-chat");
	if (room.state === "waiting") return t("room-waiting");
	return room.kind === "video" ? t("room-live-video") : t("room-live-voice");
}

function Do({ room, muted }: { room: RoomView; muted: boolean }) {
	const { rooms } = useApp();
	const chat = room.kind === "chat";
	const move = room.here === "elsewhere";
	const label = move ? t("move-here") : chat ? t("voice-chat-join") : t("room-join");
	const options = move ? {} : chat ? { muted } : { camera: room.kind === "video" };
	return (
		<Button
			kind="answer"
			icon={chat ? AudioLines : room.kind === "video" ? Video : Phone}
			onClick={() => run(rooms.join(room.room, options))}
		>
			{label}
		</Button>
	);
}

/** Above a group's messages while its call or voice chat is open: who is in it, and the way in. */
export function RoomStrip({ conv }: { conv: number }) {
	const { rooms, settings } = useApp();
	const room = rooms.byConv.value.get(conv);
	const [muted, setMuted] = useState(settings.prefs.value.joinMuted);
	/* Who is in it here has the bar above everything, which says the same. */
	if (!room || room.here === "here") return null;
	const people = room.people.filter(one => one.here);
	return (
		<section class="room-strip" aria-label={title(room)} data-enter>
			<Faces people={people} />
			<div class="who">
				<p class="room-strip-title">{title(room)}</p>
				<p class="room-strip-who">
					{room.here === "elsewhere" ? t("room-elsewhere") : <WhoIsIn people={people} />}
				</p>
			</div>
			<div class="room-strip-do">
				{room.kind === "chat" && room.here === "no" && (
					<button
						type="button"
						class="room-muted"
						role="switch"
						aria-checked={muted}
						onClick={() => setMuted(!muted)}
					>
						<Icon of={MicOff} size="s" />
						{t("join-muted")}
					</button>
				)}
				<Do room={room} muted={muted} />
			</div>
		</section>
	);
}
