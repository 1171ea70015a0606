import { Ear, Phone, Square, X } from "lucide";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { LiveView } from "../state/types/playing.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { RunningTimer } from "../ui/Timer.tsx";

function headline({ state, kind, person: { name } }: LiveView): string {
	switch (state) {
		case "recording":
		case "paused":
			return kind === "voice" ? t("is-leaving-voice", { name }) : t("is-leaving-video", { name });
		case "sent":
			return t("live-sent", { name });
		case "discarded":
			return t("live-discarded", { name });
		case "answered":
			return t("live-answered", { name });
	}
}

function detail(view: LiveView): string {
	if (view.state === "paused") return t("live-paused", { name: view.person.name });
	switch (view.listening) {
		case "off":
			return "";
		case "connecting":
			return t("live-connecting");
		case "playing":
			return t("live-playing");
		case "later":
			return t("live-later");
	}
}

function LivePicture() {
	const { live } = useApp();
	const place = useRef<HTMLDivElement>(null);
	const picture = live.picture.value;
	useLayoutEffect(() => {
		if (picture && place.current) place.current.append(picture);
	}, [picture]);
	return <div class="live-picture" ref={place} hidden={picture === null} />;
}

function Actions({ view }: { view: LiveView }) {
	const { live } = useApp();
	const open = view.state === "recording" || view.state === "paused";
	if (!open) return <IconButton icon={X} label={t("dismiss")} onClick={() => live.dismiss(view.rec)} />;
	return (
		<div class="row">
			{view.listening === "off" ? (
				<Button icon={Ear} onClick={() => run(live.listen(view.rec))}>
					{t("listen")}
				</Button>
			) : (
				<Button icon={Square} onClick={() => live.stop(view.rec)}>
					{t("stop-listening")}
				</Button>
			)}
			{view.canAnswer && (
				<Button kind="answer" icon={Phone} onClick={() => run(live.answer(view.rec))}>
					{t("answer")}
				</Button>
			)}
		</div>
	);
}

function LiveCard({ view }: { view: LiveView }) {
	const said = detail(view);
	const open = view.state === "recording" || view.state === "paused";
	return (
		<div class="live-card" data-state={view.state} data-listening={view.listening} data-enter>
			{view.kind === "video" && view.listening === "playing" && <LivePicture />}
			<span class="live-who">
				<Avatar id={view.person.id} name={view.person.name} size="s" />
			</span>
			<div class="live-words" role="status">
				<p>{headline(view)}</p>
				<p class="quiet" aria-live="off">
					{open && <RunningTimer ms={view.ms} running={view.state === "recording"} />}
					{open && said !== "" && " · "}
					{said}
				</p>
			</div>
			<Actions view={view} />
		</div>
	);
}

/** Notes being left for me: in their chat if it is open (`conv`), in the corner for all other chats (`except`). */
export function LiveStrip({ conv, except }: { conv?: number; except?: number | null }) {
	const { live } = useApp();
	const views = live.notes.value.filter(view =>
		conv === undefined ? view.conv !== except : view.conv === conv,
	);
	if (views.length === 0) return null;
	return (
		<div class="live-strip">
			{views.map(view => (
				<LiveCard key={view.rec} view={view} />
			))}
		</div>
	);
}
