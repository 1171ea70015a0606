import { BellOff, MessageSquareText, Phone, PhoneOff, Video } from "lucide";
import { useRef, useState } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { Kind, PersonView } from "../state/types/base.ts";
import type { CallModel, IncomingView } from "../state/types/calls.ts";
import type { RoomIncomingView, RoomsModel } from "../state/types/rooms.ts";
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

/* A call from one person, or of a group: the same card, the same places. */
interface Ringing {
	readonly key: string;
	readonly title: string;
	readonly person: PersonView;
	/* A group's face is not a person's. */
	readonly group: boolean;
	readonly picture: string | null;
	/* Under the name. */
	readonly detail: string;
	readonly kind: Kind;
	readonly waiting: boolean;
	readonly answering: boolean;
	/* The call that can be declined with words; null = cannot. */
	readonly words: string | null;
	answer(): void;
	decline(): void;
	silence(): void;
}

function titleOf(kind: Kind, name: string): string {
	return kind === "voice" ? t("incoming-voice", { name }) : t("incoming-video", { name });
}

function kindOf(kind: Kind): string {
	return kind === "voice" ? t("incoming-kind-voice") : t("incoming-kind-video");
}

function ofCall(view: IncomingView, calls: CallModel): Ringing {
	const { call, person, kind, waiting, answering } = view;
	return {
		key: call,
		title: titleOf(kind, person.name),
		person,
		group: false,
		picture: null,
		detail: kindOf(kind),
		kind,
		waiting,
		answering,
		words: call,
		answer: () => run(calls.answer(call)),
		decline: () => run(calls.decline(call)),
		silence: () => calls.silence(call),
	};
}

function ofRoom(view: RoomIncomingView, rooms: RoomsModel): Ringing {
	const { room, group, ofGroup, picture, by, kind, waiting, answering } = view;
	return {
		key: room,
		title: titleOf(kind, group.name),
		person: group,
		group: ofGroup,
		picture,
		detail: ofGroup ? t("incoming-by", { kind: kindOf(kind), name: by.name }) : kindOf(kind),
		kind,
		waiting,
		answering,
		words: null,
		answer: () => run(rooms.join(room, { camera: kind === "video" })),
		decline: () => run(rooms.decline(room)),
		silence: () => rooms.silence(room),
	};
}

function Who({ view, size }: { view: Ringing; size: "m" | "xl" }) {
	return (
		<>
			<span class="ring-picture">
				<Avatar
					id={view.person.id}
					name={view.person.name}
					size={size}
					group={view.group}
					picture={view.picture}
				/>
			</span>
			<div class="who" aria-hidden="true">
				<p class="stage-name">
					<bdi>{view.person.name}</bdi>
				</p>
				<p class="stage-status">{view.answering ? t("answering") : view.detail}</p>
			</div>
		</>
	);
}

function FullScreen({ view }: { view: Ringing }) {
	const surface = useRef<HTMLDivElement>(null);
	const [writing, setWriting] = useState(false);
	useModal(surface, writing ? () => setWriting(false) : null);
	return (
		<div class="stage-place" data-enter>
			<div
				class="stage incoming"
				role="dialog"
				aria-modal="true"
				aria-label={view.title}
				ref={surface}
				tabIndex={-1}
				style={{ "--hue": String(hueOf(view.person.id)) }}
			>
				<div class="incoming-who">
					<Who view={view} size="xl" />
				</div>
				{writing && view.words !== null ? (
					<DeclineWords call={view.words} onBack={() => setWriting(false)} />
				) : (
					<>
						<div class="stage-actions" data-apart>
							<RoundAction icon={PhoneOff} label={t("decline")} kind="end" onClick={view.decline} />
							<RoundAction
								icon={view.kind === "voice" ? Phone : Video}
								label={t("answer")}
								kind="answer"
								disabled={view.answering}
								onClick={view.answer}
								autofocus
							/>
						</div>
						{view.words !== null && (
							<button type="button" class="stage-link" onClick={() => setWriting(true)}>
								<Icon of={MessageSquareText} />
								{t("decline-message")}
							</button>
						)}
					</>
				)}
			</div>
		</div>
	);
}

/* In the corner: it is announced, but takes neither the focus nor the page. */
function Corner({ view }: { view: Ringing }) {
	const [writing, setWriting] = useState(false);
	return (
		<div class="corner-card ringing" role="dialog" aria-label={view.title} data-enter>
			<div class="corner-head">
				<Who view={view} size="m" />
				<IconButton icon={BellOff} label={t("silence")} onClick={view.silence} />
			</div>
			{writing && view.words !== null ? (
				<DeclineWords call={view.words} onBack={() => setWriting(false)} />
			) : (
				<div class="corner-actions">
					<Button
						kind="answer"
						icon={view.kind === "voice" ? Phone : Video}
						busy={view.answering}
						onClick={view.answer}
					>
						{t("answer")}
					</Button>
					<Button kind="danger" icon={PhoneOff} onClick={view.decline}>
						{t("decline")}
					</Button>
					{view.words !== null && (
						<Button kind="plain" icon={MessageSquareText} onClick={() => setWriting(true)}>
							{t("decline-message")}
						</Button>
					)}
				</div>
			)}
		</div>
	);
}

/** Calls that come in: a phone gives them the screen, a desktop a corner. A second one is call waiting and stays small. */
export function Incoming() {
	const { calls, rooms } = useApp();
	const narrow = useNarrow();
	const views = [
		...calls.incoming.value.map(view => ofCall(view, calls)),
		...rooms.incoming.value.map(view => ofRoom(view, rooms)),
	];
	return (
		<>
			<div class="corner">
				{views
					.filter(view => !narrow || view.waiting)
					.map(view => (
						<Corner key={view.key} view={view} />
					))}
			</div>
			{views
				.filter(view => narrow && !view.waiting)
				.slice(0, 1)
				.map(view => (
					<Portal key={view.key}>
						<FullScreen view={view} />
					</Portal>
				))}
		</>
	);
}
