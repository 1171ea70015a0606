import { ChevronDown, LayoutGrid, Lock, RectangleHorizontal, Users } from "lucide";
import { useCallback, useRef, useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import type { RoomTalkView } from "../state/types/rooms.ts";
import { hueOf } from "../ui/Avatar.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { useModal } from "../ui/modal.ts";
import { run, useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { InviteToRoom } from "./AddPeople.tsx";
import { DevicesPanel, HelpPanel } from "./panels.ts";
import { LinkStatus } from "./QualityMark.tsx";
import { QUICK } from "./ReactPicker.tsx";
import { RoomBar, type RoomPanel } from "./RoomBar.tsx";
import { RoomNotes } from "./RoomNotes.tsx";
import { RoomPeople } from "./RoomPeople.tsx";
import { RoomAlone } from "./RoomPrompt.tsx";
import { RoomTiles } from "./RoomTiles.tsx";
import { useStill, useTalkKeys } from "./talkScreen.ts";
import "./talk.css";
import "./room.css";
import "./roomStrip.css";

function OpenPanel({ panel, view, onClose }: { panel: RoomPanel; view: RoomTalkView; onClose: () => void }) {
	const { rooms } = useApp();
	if (panel === "add") return <InviteToRoom view={view} onClose={onClose} />;
	const titles = { devices: t("call-devices"), help: t("call-shortcuts"), people: t("people-panel") };
	const keys: [string, string][] = [
		["H", t("keys-hand")],
		["1–6", t("keys-react")],
	];
	return (
		<Portal>
			<Dialog title={titles[panel]} closeLabel={t("close")} onClose={onClose}>
				{panel === "devices" && <DevicesPanel of={rooms} />}
				{panel === "help" && <HelpPanel more={keys} />}
				{panel === "people" && <RoomPeople view={view} />}
			</Dialog>
		</Portal>
	);
}

function Head({ view, onPanel }: { view: RoomTalkView; onPanel: (panel: RoomPanel) => void }) {
	const { rooms } = useApp();
	const grid = view.layout === "grid";
	return (
		<header class="talk-head">
			<IconButton icon={ChevronDown} label={t("minimise")} onClick={() => rooms.setLarge(false)} />
			<div class="who">
				<h2>
					<bdi>{view.room.group.name}</bdi>
					{view.room.locked && (
						<span class="room-locked" role="img" aria-label={t("locked")}>
							<Icon of={Lock} size="s" />
						</span>
					)}
				</h2>
				<LinkStatus link={view.link} since={view.room.startedTs} quality={view.quality} />
			</div>
			{view.tiles.length > 1 && (
				<IconButton
					icon={grid ? RectangleHorizontal : LayoutGrid}
					label={grid ? t("layout-speaker") : t("layout-grid")}
					onClick={() => rooms.setLayout(grid ? "speaker" : "grid")}
				/>
			)}
			<IconButton icon={Users} label={t("people-panel")} onClick={() => onPanel("people")}>
				<span class="room-count" data-count={view.room.count} />
			</IconButton>
		</header>
	);
}

function Screen({ view }: { view: RoomTalkView }) {
	const { rooms, settings } = useApp();
	const surface = useRef<HTMLElement>(null);
	const [panel, setPanel] = useState<RoomPanel | null>(null);
	const minimise = useCallback(() => rooms.setLarge(false), [rooms]);
	const help = useCallback(() => setPanel("help"), []);
	const more = useCallback(
		(key: string) => {
			const emoji = QUICK[Number(key) - 1];
			if (emoji !== undefined) run(rooms.react(emoji));
			else if (key === "h") run(rooms.setHand((rooms.view.value?.me?.hand ?? null) === null));
		},
		[rooms],
	);
	useModal(surface, panel === null ? minimise : null);
	useTalkKeys({ talk: rooms, enabled: panel === null && settings.prefs.value.shortcuts, help, more });
	const pictures = view.tiles.some(tile => tile.shown !== null);
	const still = useStill(pictures && panel === null);
	const alone = view.room.count < 2 && view.link === "connected";
	return (
		<>
			<section
				class="talk room"
				aria-label={t("call-region")}
				ref={surface}
				tabIndex={-1}
				data-still={still || undefined}
				data-kind={view.room.kind}
				style={{ "--hue": String(hueOf(view.room.group.id)) }}
				data-enter
			>
				<Head view={view} onPanel={setPanel} />
				{alone ? <RoomAlone view={view} /> : <RoomTiles view={view} onPeople={() => setPanel("people")} />}
				<div class="talk-foot">
					<RoomNotes view={view} onPanel={setPanel} />
					<RoomBar view={view} onPanel={setPanel} />
				</div>
			</section>
			{panel && <OpenPanel panel={panel} view={view} onClose={() => setPanel(null)} />}
		</>
	);
}

/** The room that this device is in, as large as the window. */
export function InRoom() {
	const { rooms } = useApp();
	const view = rooms.view.value;
	if (!view || view.taking || !rooms.large.value) return null;
	return <Screen key={view.room.room} view={view} />;
}
