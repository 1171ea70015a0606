import { Mic, Phone, Video, X } from "lucide";
import { t } from "../i18n/roomText.ts";
import type { RoomPerson, RoomTalkView } from "../state/types/rooms.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { run, useApp } from "../ui/model.ts";
import { RoundAction } from "../ui/RoundAction.tsx";
import { RecordBar } from "./RecordBar.tsx";
import { stateOf } from "./RoomPeople.tsx";
import { recordName } from "./recording.ts";

function Absent({ people }: { people: readonly RoomPerson[] }) {
	if (people.length === 0) return null;
	return (
		<ul class="room-absent">
			{people.map(one => (
				<li key={one.person.id} data-state={one.state}>
					<Avatar id={one.person.id} name={one.person.name} size="m" />
					<span class="who">
						<bdi>{one.person.name}</bdi>
						<small>{stateOf(one)}</small>
					</span>
				</li>
			))}
		</ul>
	);
}

/* As after a call between two: Cancel, Record, Call again, at the same places. */
function NoOne({ view }: { view: RoomTalkView }) {
	const { rooms, recorder } = useApp();
	const rec = recorder.view.value;
	const { group, kind } = view.room;
	if (rec.state !== "idle" && rec.target.call === view.room.room) return <RecordBar />;
	const of = kind === "video" ? "video" : "voice";
	return (
		<>
			<p class="stage-hint">{t("no-one-hint", { group: group.name })}</p>
			<div class="stage-actions" data-three>
				<RoundAction icon={X} label={t("cancel")} onClick={() => run(rooms.leave())} />
				<RoundAction
					icon={of === "voice" ? Mic : Video}
					label={recordName(of)}
					kind="voice"
					size="main"
					onClick={() => run(rooms.leaveNote(of))}
					autofocus
				/>
				<RoundAction
					icon={of === "voice" ? Phone : Video}
					label={t("call-again")}
					onClick={() => run(rooms.callAgain())}
				/>
			</div>
		</>
	);
}

function sentence(view: RoomTalkView): string {
	switch (view.prompt) {
		case "ringing":
			return t("ringing-group", { group: view.room.group.name });
		case "noOne":
			return t("no-one");
		case "none":
			return t("alone");
	}
}

/** Nobody else is in it: it rings, nobody came, or it is just open. */
export function RoomAlone({ view }: { view: RoomTalkView }) {
	const absent = view.room.people.filter(one => !one.me && !one.here && one.state !== "invited");
	return (
		<div class="room-alone" data-prompt={view.prompt}>
			<p class="stage-status" role="status">
				{sentence(view)}
			</p>
			{view.prompt === "none" && <p class="stage-hint">{t("alone-hint")}</p>}
			<Absent people={absent} />
			{view.prompt === "noOne" && <NoOne view={view} />}
		</div>
	);
}
