import { BellRing, DoorOpen } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { RoomChoice } from "../state/types/rooms.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { run, useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import "./roomStrip.css";

function Choice({ choice }: { choice: RoomChoice }) {
	const { rooms } = useApp();
	const [sure, setSure] = useState(!choice.many);
	const { conv, kind, others } = choice;
	const start = (ring: boolean) => run(rooms.start(conv, kind, ring));
	if (!sure && choice.many) {
		return (
			<div class="room-start">
				<p>{kind === "video" ? t("start-text-video") : t("start-text-voice")}</p>
				<Button wide kind="main" icon={BellRing} autofocus onClick={() => setSure(true)}>
					{t("start-ring", { count: others })}
				</Button>
				<Open onClick={() => start(false)} />
			</div>
		);
	}
	if (choice.many) {
		return (
			<div class="room-start">
				<p>{t("start-many", { count: others })}</p>
				<Button wide kind="main" icon={BellRing} autofocus onClick={() => start(true)}>
					{t("start-many-yes", { count: others })}
				</Button>
				<Button wide onClick={() => setSure(false)}>
					{t("back")}
				</Button>
			</div>
		);
	}
	return (
		<div class="room-start">
			<p>{kind === "video" ? t("start-text-video") : t("start-text-voice")}</p>
			<Button wide kind="main" icon={BellRing} autofocus onClick={() => start(true)}>
				{t("start-ring", { count: others })}
			</Button>
			<Open onClick={() => start(false)} />
		</div>
	);
}

function Open({ onClick }: { onClick: () => void }) {
	return (
		<>
			<Button wide icon={DoorOpen} onClick={onClick}>
				{t("start-open")}
			</Button>
			<p class="room-hint">{t("start-open-hint")}</p>
		</>
	);
}

/** How a group is called: everybody rings, or the room just opens. */
export function RoomStart() {
	const { rooms, chats } = useApp();
	const choice = rooms.choice.value;
	if (!choice) return null;
	const group = chats.all.value.find(chat => chat.conv === choice.conv)?.person.name ?? "";
	return (
		<Portal key={choice.conv}>
			<Dialog
				title={t("start-title", { group })}
				closeLabel={t("close")}
				onClose={() => rooms.choose(0, "voice")}
			>
				<Choice choice={choice} />
			</Dialog>
		</Portal>
	);
}
