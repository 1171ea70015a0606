import { MessageCircle, MessageCircleOff } from "lucide";
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { PersonView } from "../state/types/base.ts";
import type { TextEntry, ThreadModel } from "../state/types/thread.ts";
import { Button } from "../ui/Button.tsx";
import { Confirm } from "../ui/Confirm.tsx";
import { Link } from "../ui/Link.tsx";
import { run, useApp } from "../ui/model.ts";
import { EmptyState } from "../ui/Small.tsx";
import { useNarrow } from "../ui/useNarrow.ts";
import { Composer } from "./Composer.tsx";
import { Drafts } from "./DraftCard.tsx";
import { ChatInfo, GroupInfo } from "./later.ts";
import { MessageList } from "./MessageList.tsx";
import { ThreadHeader } from "./ThreadHeader.tsx";

function useShown(thread: ThreadModel): void {
	useEffect(() => {
		const tell = () => thread.setShown(document.visibilityState === "visible");
		tell();
		document.addEventListener("visibilitychange", tell);
		return () => {
			document.removeEventListener("visibilitychange", tell);
			thread.setShown(false);
		};
	}, [thread]);
}

interface FootProps {
	thread: ThreadModel;
	person: PersonView;
	answers: TextEntry | null;
	onAnswered: () => void;
	record: ComponentChildren;
}

function Foot({ thread, person, answers, onAnswered, record }: FootProps) {
	const { people, recorder, drafts, calls, rooms } = useApp();
	if (person.blocked) {
		return (
			<div class="blocked-strip">
				<p>{t("blocked-strip", { name: person.name })}</p>
				<Button onClick={() => run(people.unblock(person.id))}>{t("unblock", { name: person.name })}</Button>
			</div>
		);
	}
	const view = recorder.view.value;
	/* While a call's screen is open its note is recorded there. */
	const inRoom = rooms.large.value && rooms.view.value !== null;
	const there = calls.outgoing.value !== null || inRoom;
	const here = view.state !== "idle" && view.target.conv === thread.conv && !there;
	const waiting = drafts.list.value.filter(draft => draft.conv === thread.conv);
	if (thread.group.value?.left && !here) {
		return (
			<div class="foot">
				<Drafts drafts={waiting} />
				<p class="left-strip">{t("group-left")}</p>
			</div>
		);
	}
	return (
		<div class="foot">
			{!here && <Drafts drafts={waiting} />}
			{here && record}
			<Composer thread={thread} name={person.name} answers={answers} onAnswered={onAnswered} hidden={here} />
		</div>
	);
}

type Asking = { seq: number; what: "text" | "note" };

function AskDelete({ thread, what, seq, onClose }: Asking & { thread: ThreadModel; onClose: () => void }) {
	const title = what === "text" ? t("delete-text-title") : t("delete-note-title");
	const body = thread.group.value ? (`delete-${what}-body-group` as const) : (`delete-${what}-body` as const);
	return (
		<Confirm
			title={title}
			text={t(body)}
			yes={t("delete")}
			onYes={() => run(thread.deleteEntry(seq))}
			onClose={onClose}
		/>
	);
}

function NotFound() {
	return (
		<main class="thread" aria-label={t("nav-chats")}>
			<EmptyState icon={MessageCircleOff} title={t("chat-gone")} text="">
				<Link to="/" class="btn">
					{t("nav-chats")}
				</Link>
			</EmptyState>
		</main>
	);
}

export interface ThreadProps {
	conv: number;
	/* "Ana is leaving a voice note", and the recorder: other features, placed here by the shell. */
	live: ComponentChildren;
	record: ComponentChildren;
}

export function Thread({ conv, live, record }: ThreadProps) {
	const app = useApp();
	const thread = app.thread(conv);
	const narrow = useNarrow();
	const [infoOpen, setInfoOpen] = useState(false);
	const [answers, setAnswers] = useState<TextEntry | null>(null);
	const [asking, setAsking] = useState<Asking | null>(null);
	useShown(thread);
	const person = thread.person.value;
	const group = thread.group.value;
	if (thread.notFound.value) return <NotFound />;
	if (!person) return <main class="thread" aria-busy="true" aria-label={t("loading")} />;
	const empty = thread.entries.value.length === 0 && !thread.loading.value;
	const { name } = person;
	return (
		<>
			<main class="thread" aria-label={name} inert={narrow && infoOpen}>
				<ThreadHeader
					thread={thread}
					person={person}
					infoOpen={infoOpen}
					onInfo={() => setInfoOpen(!infoOpen)}
				/>
				{live}
				{empty && (
					<EmptyState
						icon={MessageCircle}
						title={t("thread-empty", { name })}
						text={t("thread-empty-text")}
					/>
				)}
				<MessageList
					thread={thread}
					name={name}
					onAnswer={setAnswers}
					onDelete={(seq, what) => setAsking({ seq, what })}
				/>
				<Foot
					thread={thread}
					person={person}
					answers={answers}
					onAnswered={() => setAnswers(null)}
					record={record}
				/>
			</main>
			{infoOpen && group && <GroupInfo group={group} onClose={() => setInfoOpen(false)} />}
			{infoOpen && !group && <ChatInfo thread={thread} person={person} onClose={() => setInfoOpen(false)} />}
			{asking && <AskDelete thread={thread} {...asking} onClose={() => setAsking(null)} />}
		</>
	);
}
