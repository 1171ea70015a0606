import { ArrowUp } from "lucide";
import { useLayoutEffect, useRef } from "preact/hooks";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { DisplayEntry, TextEntry, ThreadModel } from "../state/types/thread.ts";
import { Avatar, hueOf } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { lazy } from "../ui/lazy.tsx";
import { run } from "../ui/model.ts";
import { DayLine, Skeleton } from "../ui/Small.tsx";
import { CallCard } from "./CallCard.tsx";
import { changeLine } from "./groupWords.ts";
import { type Row, rows } from "./layout.ts";
import { NoteCard, SendingNoteCard } from "./NoteCard.tsx";
import { TextBubble } from "./TextBubble.tsx";

/* With the words of group calls; a thread without one does not need them. */
const RoomCard = lazy(async () => (await import("./RoomCard.tsx")).RoomCard);

export interface EntryVerbs {
	onAnswer: (entry: TextEntry) => void;
	onDelete: (seq: number, what: "text" | "note") => void;
}

function Entry({ entry, last, name, thread, onAnswer, onDelete }: EntryProps) {
	switch (entry.type) {
		case "text":
			return (
				<TextBubble
					entry={entry}
					name={name}
					last={last}
					thread={thread}
					onAnswer={onAnswer}
					onDelete={seq => onDelete(seq, "text")}
				/>
			);
		case "call":
			return <CallCard entry={entry} thread={thread} onDelete={seq => onDelete(seq, "note")} />;
		case "room":
			return <RoomCard entry={entry} thread={thread} onDelete={seq => onDelete(seq, "note")} />;
		case "note":
			return <NoteCard entry={entry} onDelete={seq => onDelete(seq, "note")} />;
		case "sending":
			return <SendingNoteCard entry={entry} thread={thread} />;
		case "group":
			return (
				<p class="group-line">
					<span>{changeLine(entry.change)}</span>
				</p>
			);
		case "deleted": {
			const text = entry.what === "text" ? t("deleted-text") : t("deleted-note");
			return (
				<article class="gone" aria-label={text}>
					{text}
				</article>
			);
		}
	}
}

interface EntryProps extends EntryVerbs {
	entry: DisplayEntry;
	last: boolean;
	name: string;
	thread: ThreadModel;
}

/* Keeps the end in view while one is at the end, and the place one reads at while older entries arrive above it. */
function useSteadyScroll(count: number, firstKey: string | undefined) {
	const box = useRef<HTMLDivElement>(null);
	const state = useRef({ atEnd: true, height: 0, top: 0, firstKey });
	useLayoutEffect(() => {
		const el = box.current;
		if (!el) return;
		const was = state.current;
		if (was.firstKey !== firstKey && was.height > 0 && !was.atEnd)
			el.scrollTop += el.scrollHeight - was.height;
		else if (was.atEnd) el.scrollTop = el.scrollHeight;
		state.current = { ...was, height: el.scrollHeight, firstKey };
	}, [count, firstKey]);
	useLayoutEffect(() => {
		const el = box.current;
		if (!el) return;
		const follow = new ResizeObserver(() => {
			if (state.current.atEnd) el.scrollTop = el.scrollHeight;
		});
		follow.observe(el);
		for (const child of el.children) follow.observe(child);
		return () => follow.disconnect();
	}, []);
	const onScroll = () => {
		const el = box.current;
		if (!el) return;
		const was = state.current;
		/* An entry may have grown since what is told here: only who goes up leaves the end. */
		if (el.scrollHeight - el.scrollTop - el.clientHeight < 48) was.atEnd = true;
		else if (el.scrollTop < was.top) was.atEnd = false;
		was.top = el.scrollTop;
	};
	return { box, onScroll };
}

function lineBefore(row: Row) {
	return (
		<>
			{row.newDay && <DayLine text={format.day(row.entry.ts)} />}
			{row.unreadStart && (
				<div class="newline">
					<span>{t("new-line")}</span>
				</div>
			)}
		</>
	);
}

/* Whose words these are, in a group: the name above the first, the face beside the last. What is read out names them itself. */
function Sender({ row: { entry, first, last } }: { row: Row }) {
	if (entry.from === null || entry.type === "group") return null;
	const { id, name } = entry.from;
	return (
		<>
			{first && (
				<p class="sender" aria-hidden="true" style={{ "--hue": String(hueOf(id)) }}>
					<bdi>{name}</bdi>
				</p>
			)}
			{last && <Avatar id={id} name={name} size="xs" />}
		</>
	);
}

export interface MessageListProps extends EntryVerbs {
	thread: ThreadModel;
	name: string;
}

export function MessageList({ thread, name, onAnswer, onDelete }: MessageListProps) {
	const entries = thread.entries.value;
	const { box, onScroll } = useSteadyScroll(entries.length, entries[0]?.key);
	return (
		<div class="messages" ref={box} onScroll={onScroll} tabIndex={-1}>
			<div class="column">
				{thread.hasOlder.value && (
					<div class="older">
						<Button icon={ArrowUp} onClick={() => run(thread.loadOlder())} busy={thread.loading.value}>
							{t("older")}
						</Button>
					</div>
				)}
				{thread.loading.value && entries.length === 0 && (
					<div class="thread-skeleton" role="status">
						<span class="sr">{t("loading")}</span>
						{[46, 62, 34].map(width => (
							<Skeleton key={width} width={`${width}%`} height={42} />
						))}
					</div>
				)}
				<ol aria-label={t("messages")}>
					{rows(entries, thread.firstUnread.value).map(row => (
						<li
							key={row.entry.key}
							data-type={row.entry.type}
							data-from={row.entry.from !== null || undefined}
							data-mine={row.entry.mine || undefined}
							data-first={row.first || undefined}
							data-last={row.last || undefined}
						>
							{lineBefore(row)}
							<Sender row={row} />
							<Entry
								entry={row.entry}
								last={row.last}
								name={name}
								thread={thread}
								onAnswer={onAnswer}
								onDelete={onDelete}
							/>
						</li>
					))}
				</ol>
			</div>
		</div>
	);
}
