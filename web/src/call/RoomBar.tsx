import {
	EllipsisVertical,
	Hand,
	Keyboard,
	LayoutGrid,
	Mic,
	MicOff,
	MonitorUp,
	MonitorX,
	PhoneOff,
	PictureInPicture2,
	SlidersHorizontal,
	SmilePlus,
	SwitchCamera,
	UserPlus,
	Users,
	Video,
	VideoOff,
} from "lucide";
import { useRef, useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { RoomsModel, RoomTalkView } from "../state/types/rooms.ts";
import { Menu, type MenuItem } from "../ui/Menu.tsx";
import { run, useApp } from "../ui/model.ts";
import { canFloat } from "./floating.ts";
import { ReactPicker } from "./ReactPicker.tsx";
import { float, spokenTile } from "./roomFloat.ts";
import { TalkButton } from "./TalkButton.tsx";

export type RoomPanel = "devices" | "help" | "people" | "add";

function menuItems(view: RoomTalkView, rooms: RoomsModel, open: (panel: RoomPanel) => void): MenuItem[] {
	const grid = view.layout === "grid";
	const items: MenuItem[] = [
		{ label: t("people-panel"), icon: Users, run: () => open("people") },
		{ label: t("call-add-people"), icon: UserPlus, run: () => open("add") },
		{ label: t("call-devices"), icon: SlidersHorizontal, run: () => open("devices") },
		{ label: t("call-shortcuts"), icon: Keyboard, run: () => open("help") },
	];
	if (view.pictures)
		items.unshift({
			label: grid ? t("layout-speaker") : t("layout-grid"),
			icon: LayoutGrid,
			run: () => rooms.setLayout(grid ? "speaker" : "grid"),
		});
	if (canFloat() && spokenTile(view))
		items.unshift({ label: t("picture-in-picture"), icon: PictureInPicture2, run: () => run(float(rooms)) });
	if (rooms.can.value.flip && view.mine.camera)
		items.unshift({ label: t("camera-flip"), icon: SwitchCamera, run: () => run(rooms.flipCamera()) });
	return items;
}

/** The button and, above it, what it opens. */
export function React() {
	const [open, setOpen] = useState(false);
	const anchor = useRef<HTMLSpanElement>(null);
	const close = () => {
		setOpen(false);
		anchor.current?.querySelector<HTMLElement>(":scope > button")?.focus();
	};
	return (
		<span class="react-anchor" ref={anchor}>
			<TalkButton icon={SmilePlus} label={t("react")} expanded={open} onClick={() => setOpen(!open)} />
			{open && <ReactPicker anchor={anchor} onClose={close} />}
		</span>
	);
}

export function RaiseHand({ view }: { view: RoomTalkView }) {
	const { rooms } = useApp();
	const up = (view.me?.hand ?? null) !== null;
	return (
		<TalkButton
			icon={Hand}
			label={up ? t("lower-hand") : t("raise-hand")}
			on={up}
			onClick={() => run(rooms.setHand(!up))}
		/>
	);
}

/** Everything that can be done in a room, in one bar; the way out is last and red. */
export function RoomBar({ view, onPanel }: { view: RoomTalkView; onPanel: (panel: RoomPanel) => void }) {
	const { rooms } = useApp();
	const { mine, pictures } = view;
	return (
		<div class="talk-bar room-bar">
			<TalkButton
				icon={mine.muted ? MicOff : Mic}
				label={mine.muted ? t("unmute") : t("mute")}
				off={mine.muted}
				disabled={view.recording}
				autofocus
				onClick={() => rooms.setMuted(!mine.muted)}
			/>
			{pictures && (
				<TalkButton
					icon={mine.camera ? Video : VideoOff}
					label={mine.camera ? t("camera-off") : t("camera-on")}
					off={!mine.camera && view.room.kind === "video"}
					onClick={() => run(rooms.setCamera(!mine.camera))}
				/>
			)}
			{pictures && rooms.can.value.screen && (
				<TalkButton
					icon={mine.screen ? MonitorX : MonitorUp}
					label={mine.screen ? t("share-stop") : t("share-screen")}
					on={mine.screen}
					onClick={() => run(rooms.setScreen(!mine.screen))}
				/>
			)}
			<React />
			<RaiseHand view={view} />
			<Menu icon={EllipsisVertical} label={t("more")} side="up" items={menuItems(view, rooms, onPanel)} />
			<TalkButton icon={PhoneOff} label={t("leave")} end onClick={() => run(rooms.leave())} />
		</div>
	);
}
