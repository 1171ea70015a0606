/* The list of chats. */
import type { ReadonlySignal } from "@preact/signals";
import type { Result } from "../../wire/errors.ts";
import type { GroupChange, GroupView, Kind, Outcome, PersonView } from "./base.ts";

export type LastGlyph =
	| "text"
	| "voiceNote"
	| "videoNote"
	| "missedCall"
	| "outgoingCall"
	| "call"
	/* A group call or voice chat. */
	| "room"
	| "missedRoom"
	| "deleted"
	| "group"
	| "draft";

export interface LastView {
	readonly glyph: LastGlyph;
	readonly ts: number;
	readonly mine: boolean;
	/* A text's beginning; empty for others. */
	readonly text: string;
	/* A note's or an answered call's length. */
	readonly durationMs: number | null;
	readonly kind: Kind | null;
	readonly outcome: Outcome | null;
	/* In a group: who wrote it. null: I, or the one this chat is with. */
	readonly from: PersonView | null;
	/* What was done to the group. */
	readonly change: GroupChange | null;
}

export interface ChatView {
	readonly conv: number;
	/* A group stands here by its name. */
	readonly person: PersonView;
	readonly group: GroupView | null;
	readonly last: LastView | null;
	/* For sorting; the list is sorted already. */
	readonly activityTs: number;
	readonly unread: number;
	/* A note of theirs is not played. */
	readonly unheard: boolean;
	/* The last entries hold a call of theirs that was missed. */
	readonly missed: boolean;
	/* One of these was not seen yet. */
	readonly missedNew: boolean;
	/* Who is writing; nobody = empty. */
	readonly typing: readonly PersonView[];
	/* They are leaving a note for a call of theirs just now. */
	readonly leavingNote: Kind | null;
	/* Text that was written and not sent. */
	readonly draftText: string;
}

export type ChatFilter = "all" | "missed" | "unheard";

export interface ChatsModel {
	/* Sorted by last activity, filtered by filter and query. */
	readonly list: ReadonlySignal<readonly ChatView[]>;
	/* Not filtered. */
	readonly all: ReadonlySignal<readonly ChatView[]>;
	readonly loaded: ReadonlySignal<boolean>;
	readonly filter: ReadonlySignal<ChatFilter>;
	readonly query: ReadonlySignal<string>;
	readonly unreadTotal: ReadonlySignal<number>;
	readonly unheardTotal: ReadonlySignal<number>;
	setFilter(filter: ChatFilter): void;
	setQuery(query: string): void;
	/* The direct chat with a person, created if new. */
	open(user: number): Promise<Result<{ conv: number }>>;
}
