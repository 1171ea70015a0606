import { ChevronDown, Info } from "lucide";
import { useCallback, useRef, useState } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { TalkView } from "../state/types/talk.ts";
import { hueOf } from "../ui/Avatar.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { lazy } from "../ui/lazy.tsx";
import { useModal } from "../ui/modal.ts";
import { useApp } from "../ui/model.ts";
import { Pictures } from "./Pictures.tsx";
import { LinkStatus } from "./QualityMark.tsx";
import { type Panel, TalkBar } from "./TalkBar.tsx";
import { TalkNotes } from "./TalkNotes.tsx";
import { minimised, useStill, useTalkKeys } from "./talkScreen.ts";

/* What opens over a call on request comes with the first use. */
const GrowCall = lazy(async () => (await import("./AddPeople.tsx")).GrowCall);
const TalkPanel = lazy(async () => (await import("./TalkPanels.tsx")).TalkPanel);

function Screen({ view }: { view: TalkView }) {
	const { talk, settings } = useApp();
	const surface = useRef<HTMLElement>(null);
	const [panel, setPanel] = useState<Panel | null>(null);
	const minimise = useCallback(() => {
		minimised.value = view.call;
	}, [view.call]);
	const help = useCallback(() => setPanel("help"), []);
	const close = useCallback(() => setPanel(null), []);
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
				data-away={view.link === "reconnecting" || undefined}
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
			{panel === "add" && <GrowCall view={view} onClose={close} />}
			{panel && panel !== "add" && <TalkPanel panel={panel} view={view} onClose={close} />}
		</>
	);
}

/** The call that this device is in, as large as the window. */
export function InCall() {
	const view = useApp().talk.view.value;
	if (!view || minimised.value === view.call) return null;
	return <Screen key={view.call} view={view} />;
}
