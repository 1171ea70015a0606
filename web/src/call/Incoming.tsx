import { BellOff, MessageSquareText, Phone, PhoneOff, Video } from "lucide";
import { useRef, useState } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { IncomingView } from "../state/types/calls.ts";
import { Avatar, hueOf } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { IconButton } from "../ui/IconButton.tsx";
import { useModal } from "../ui/modal.ts";
import { run, useApp } from "../ui/model.ts";
import { Portal } from "../ui/Portal.tsx";
import { RoundAction } from "../ui/RoundAction.tsx";
import { useNarrow } from "../ui/useNarrow.ts";
import { DeclineWords } from "./DeclineWords.tsx";

function title(view: IncomingView): string {
	const { name } = view.person;
	return view.kind === "voice" ? t("incoming-voice", { name }) : t("incoming-video", { name });
}

function Who({ view, size }: { view: IncomingView; size: "m" | "xl" }) {
	const kind = view.kind === "voice" ? t("incoming-kind-voice") : t("incoming-kind-video");
	return (
		<>
			<span class="ring-picture">
				<Avatar id={view.person.id} name={view.person.name} size={size} />
			</span>
			<div class="who" aria-hidden="true">
				<p class="stage-name">
					<bdi>{view.person.name}</bdi>
				</p>
				<p class="stage-status">{view.answering ? t("answering") : kind}</p>
			</div>
		</>
	);
}

function FullScreen({ view }: { view: IncomingView }) {
	const { calls } = useApp();
	const surface = useRef<HTMLDivElement>(null);
	const [writing, setWriting] = useState(false);
	useModal(surface, writing ? () => setWriting(false) : null);
	return (
		<div class="stage-place" data-enter>
			<div
				class="stage incoming"
				role="dialog"
				aria-modal="true"
				aria-label={title(view)}
				ref={surface}
				tabIndex={-1}
				style={{ "--hue": String(hueOf(view.person.id)) }}
			>
				<div class="incoming-who">
					<Who view={view} size="xl" />
				</div>
				{writing ? (
					<DeclineWords call={view.call} onBack={() => setWriting(false)} />
				) : (
					<>
						<div class="stage-actions" data-apart>
							<RoundAction
								icon={PhoneOff}
								label={t("decline")}
								kind="end"
								onClick={() => run(calls.decline(view.call))}
							/>
							<RoundAction
								icon={view.kind === "voice" ? Phone : Video}
								label={t("answer")}
								kind="answer"
								disabled={view.answering}
								onClick={() => run(calls.answer(view.call))}
								autofocus
							/>
						</div>
						<button type="button" class="stage-link" onClick={() => setWriting(true)}>
							<Icon of={MessageSquareText} />
							{t("decline-message")}
						</button>
					</>
				)}
			</div>
		</div>
	);
}

/* In the corner: it is announced, but takes neither the focus nor the page. */
function Corner({ view }: { view: IncomingView }) {
	const { calls } = useApp();
	const [writing, setWriting] = useState(false);
	return (
		<div class="corner-card ringing" role="dialog" aria-label={title(view)} data-enter>
			<div class="corner-head">
				<Who view={view} size="m" />
				<IconButton icon={BellOff} label={t("silence")} onClick={() => calls.silence(view.call)} />
			</div>
			{writing ? (
				<DeclineWords call={view.call} onBack={() => setWriting(false)} />
			) : (
				<div class="corner-actions">
					<Button
						kind="answer"
						icon={view.kind === "voice" ? Phone : Video}
						busy={view.answering}
						onClick={() => run(calls.answer(view.call))}
					>
						{t("answer")}
					</Button>
					<Button kind="danger" icon={PhoneOff} onClick={() => run(calls.decline(view.call))}>
						{t("decline")}
					</Button>
					<Button kind="plain" icon={MessageSquareText} onClick={() => setWriting(true)}>
						{t("decline-message")}
					</Button>
				</div>
			)}
		</div>
	);
}

/** Calls that come in: a phone gives them the screen, a desktop a corner. A second one is call waiting and stays small. */
export function Incoming() {
	const { calls } = useApp();
	const narrow = useNarrow();
	const views = calls.incoming.value;
	return (
		<>
			<div class="corner">
				{views
					.filter(view => !narrow || view.waiting)
					.map(view => (
						<Corner key={view.call} view={view} />
					))}
			</div>
			{views
				.filter(view => narrow && !view.waiting)
				.slice(0, 1)
				.map(view => (
					<Portal key={view.call}>
						<FullScreen view={view} />
					</Portal>
				))}
		</>
	);
}
