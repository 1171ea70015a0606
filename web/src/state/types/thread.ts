/* One chat and its entries. */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorCode, Result } from "../../wire/errors.ts";
import type { GroupChange, GroupView, Kind, Outcome, PersonView } from "./base.ts";
import type { LiveView } from "./playing.ts";

export type SendState = "sending" | "sent" | "delivered" | "read" | "failed";

interface EntryBase {
	/* Stays the same from pending to sent. */
	readonly key: string;
	/* null while it is not in the log. */
	readonly seq: number | null;
	readonly mine: boolean;
	readonly ts: number;
	/* In a group: whose it is. null: mine, or of the one this chat is with. */
	readonly from: PersonView | null;
}

export interface TextEntry extends EntryBase {
	readonly type: "text";
	readonly text: string;
	readonly send: SendState;
	readonly failed: ErrorCode | null;
	readonly answers: Answered | null;
	readonly canDelete: boolean;
}

export interface Answered {
	readonly seq: number;
	readonly text: string;
	readonly mine: boolean;
	readonly from: PersonView | null;
}

/* A call that ended, with the note that was left for it. */
export interface CallEntry extends EntryBase {
	readonly type: "call";
	readonly call: string;
	readonly kind: Kind;
	readonly outcome: Outcome;
	/* mine = I called. missed = they called and I did not answer. */
	readonly missed: boolean;
	readonly rang: boolean;
	readonly startedTs: number;
	readonly durationMs: number | null;
	/* "Answered on laptop": another device of mine took it. */
	readonly device: string | null;
	readonly note: NoteView | null;
	readonly noteDeleted: boolean;
	/* My note for this call that is on its way. */
	readonly sending: SendingNote | null;
	/* They are leaving a note for this call right now; see LiveModel. */
	readonly beingLeft: LiveView | null;
	/* So many more calls just like it came directly before; shown as "10 missed calls". */
	readonly repeats: number;
}

export type RoomKind = "voice" | "video" | "chat";

/* A group call or a voice chat that is over, or that nobody came to. */
export interface RoomEntry extends EntryBase {
	readonly type: "room";
	readonly room: string;
	readonly kind: RoomKind;
	/* no_one_joined: may still be open. */
	readonly outcome: "no_one_joined" | "ended";
	/* I was called and did not come. */
	readonly missed: boolean;
	readonly startedTs: number;
	readonly durationMs: number | null;
	/* Who was there, longest first; and I, when I was. */
	readonly people: readonly string[];
	readonly meThere: boolean;
	/* What the starter left when nobody came. */
	readonly note: NoteView | null;
	readonly noteDeleted: boolean;
	readonly sending: SendingNote | null;
}

export interface NoteEntry extends EntryBase {
	readonly type: "note";
	readonly note: NoteView;
}

/* My note without a call that is on its way. */
export interface SendingEntry extends EntryBase {
	readonly type: "sending";
	readonly sending: SendingNote;
}

export interface DeletedEntry extends EntryBase {
	readonly type: "deleted";
	readonly what: "text" | "note";
}

/* What was done to the group: a quiet line. */
export interface GroupEntry extends EntryBase {
	readonly type: "group";
	readonly change: GroupChange;
}

export type DisplayEntry =
	| TextEntry
	| CallEntry
	| RoomEntry
	| NoteEntry
	| SendingEntry
	| DeletedEntry
	| GroupEntry;

export interface NoteView {
	readonly conv: number;
	readonly seq: number;
	readonly kind: Kind;
	readonly mine: boolean;
	readonly ts: number;
	readonly src: string;
	readonly mime: string;
	readonly durationMs: number;
	/* 64 values, 0 to 255. */
	readonly peaks: readonly number[];
	readonly width: number | null;
	readonly height: number | null;
	/* Played by me (theirs); mine are always played. */
	readonly played: boolean;
	/* "Listened": they played mine, and both show receipts. */
	readonly heard: boolean;
	/* Where I was. */
	readonly positionMs: number;
	readonly call: string | null;
	readonly canDelete: boolean;
}

export interface SendingNote {
	readonly rec: string;
	readonly kind: Kind;
	readonly durationMs: number;
	readonly peaks: readonly number[];
	readonly state: "sending" | "waiting" | "failed";
	/* "waiting": what the server said; null = for the network. */
	readonly failed: ErrorCode | null;
	readonly canRetry: boolean;
	/* The recording is not a note yet, or never will be, but its bytes can be saved as a file. */
	readonly canSave: boolean;
}

export interface ThreadModel {
	readonly conv: number;
	/* A group stands here by its name. */
	readonly person: ReadonlySignal<PersonView | null>;
	/* null: a direct chat. */
	readonly group: ReadonlySignal<GroupView | null>;
	/* Oldest first. */
	readonly entries: ReadonlySignal<readonly DisplayEntry[]>;
	readonly loading: ReadonlySignal<boolean>;
	readonly hasOlder: ReadonlySignal<boolean>;
	/* First unread seq at the moment the thread was opened, for the "new" line. */
	readonly firstUnread: ReadonlySignal<number | null>;
	/* Who is writing; nobody = empty. */
	readonly typing: ReadonlySignal<readonly PersonView[]>;
	/* Text being written; kept over reloads. */
	readonly draftText: ReadonlySignal<string>;
	readonly notFound: ReadonlySignal<boolean>;

	/* On screen and in front (true) or not: loads, marks as read while true. */
	setShown(on: boolean): void;
	loadOlder(): Promise<Result>;
	setDraftText(text: string): void;
	/* Clears the draft text at once; it appears as "sending". */
	sendText(text: string, answers?: number): void;
	retryText(key: string): void;
	discardText(key: string): void;
	deleteEntry(seq: number): Promise<Result>;
	/* Sending notes. */
	retryNote(rec: string): Promise<Result>;
	discardNote(rec: string): Promise<Result>;
	saveNote(rec: string): Promise<Result>;
}
