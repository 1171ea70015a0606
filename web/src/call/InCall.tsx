import { ChevronDown, Info } from "lucide";
import { useCallback, useRef, useState } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { TalkView } from "../state/types/talk.ts";
import { hueOf } from "../ui/Avatar.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { lazy } from "../ui/lazy.tsx";
import { useModal } from "../ui/modal.ts";
import { useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { Pictures } from "./Pictures.tsx";
import { DevicesPanel, HelpPanel, InfoPanel } from "./panels.ts";
import { LinkStatus } from "./QualityMark.tsx";
import { type Panel, TalkBar } from "./TalkBar.tsx";
import { TalkNotes } from "./TalkNotes.tsx";
import { minimised, useStill, useTalkKeys } from "./talkScreen.ts";

const GrowCall = lazy(async () => (await import("./AddPeople.tsx")).GrowCall);

function panelTitle(panel: Exclude<Panel, "add">): string {
	switch (panel) {
		case "devices":
			return t("call-devices");
		case "info":
			return t("call-details");
		case "help":
			return t("call-shortcuts");
	}
}

function OpenPanel({ panel, view, onClose }: { panel: Panel; view: TalkView; onClose: () => void }) {
	const { talk } = useApp();
	if (panel === "add") return <GrowCall view={view} onClose={onClose} />;
	return (
		<Portal>
			<Dialog title={panelTitle(panel)} closeLabel={t("close")} onClose={onClose}>
				{panel === "devices" && <DevicesPanel of={talk} />}
				{panel === "info" && <InfoPanel view={view} />}
				{panel === "help" && <HelpPanel />}
			</Dialog>
		</Portal>
	);
}

function Screen({ view }: { view: TalkView }) {
	const { talk, settings } = useApp();
	const surface = useRef<HTMLElement>(null);
	const [panel, setPanel] = useState<Panel | null>(null);
	const minimise = useCallback(() => {
		minimised.value = view.call;
	}, [view.call]);
	const help = useCallback(() => setPanel("help"), []);
	useModal(surface, panel === null ? minimise : null);
	useTalkKeys({ talk, enabled: panel === null && settings.prefs.value.shortcuts, help });
	const screen = talk.theirScreen.value !== null;
	const picture = screen ? "screen" : talk.theirPicture.value !== null ? "camera" : undefined;
	const still = useStill(picture === "camera" && panel === null);
	const quiet = still && view.ask !== "asks";
	/* A finger that wakes the controls does not press the one it cannot see. */
	const waking = useRef(false);
	return (
		<>
			<section
				class="talk"
				aria-label={t("call-region")}
				ref={surface}
				tabIndex={-1}
				data-picture={picture}
				data-still={quiet || undefined}
				onPointerDownCapture={event => {
					waking.current = quiet && event.pointerType === "touch";
				}}
				onClickCapture={event => {
					if (!waking.current) return;
					waking.current = false;
					event.stopPropagation();
					event.preventDefault();
				}}
				data-kind={view.kind}
				style={{ "--hue": String(hueOf(view.person.id)) }}
				data-enter
			>
				<Pictures view={view} />
				<header class="talk-head">
					<IconButton icon={ChevronDown} label={t("minimise")} onClick={minimise} />
					<div class="who">
						<h2>
							<bdi>{view.person.name}</bdi>
						</h2>
						<LinkStatus link={view.link} since={view.answeredTs} quality={view.quality} />
					</div>
					<IconButton icon={Info} label={t("call-details")} onClick={() => setPanel("info")} />
				</header>
				<div class="talk-foot">
					<TalkNotes view={view} onPanel={setPanel} />
					<TalkBar view={view} onPanel={setPanel} />
				</div>
			</section>
			{panel && <OpenPanel panel={panel} view={view} onClose={() => setPanel(null)} />}
		</>
	);
}

/** The call that this device is in, as large as the window. */
export function InCall() {
	const view = useApp().talk.view.value;
	if (!view || minimised.value === view.call) return null;
	return <Screen key={view.call} view={view} />;
}
