/* What the screens see. Models keep signals of plain, immutable data and offer verbs; screens read the one and call the other.
 * A verb resolves to { ok: true } or { ok: false, code } and never throws. Numbers ending in Ms are milliseconds; a plain `ts` is
 * a point in server time (milliseconds since 1970). Start from state/browser.ts: `startBrowserApp(words)`. */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorCode, Result } from "../wire/errors.ts";

export type { ErrorCode, Failure, Result } from "../wire/errors.ts";

export type Kind = "voice" | "video";
export type Outcome =
	| "no_answer"
	| "declined"
	| "busy"
	| "silenced"
	| "unreachable"
	| "cancelled"
	| "cancelled_early"
	| "answered"
	| "failed";

export interface PersonView {
	readonly id: number;
	readonly username: string;
	readonly name: string;
	readonly blocked: boolean;
	/* How many of their devices can be reached now. */
	readonly online: number;
}

export interface Limits {
	readonly ringMs: number;
	readonly ringStopMs: number;
	readonly unreachableMs: number;
	readonly noteOfferMs: number;
	readonly voiceMaxMs: number;
	readonly videoMaxMs: number;
	readonly noteMinMs: number;
	readonly warnMs: number;
	readonly fragmentMax: number;
	readonly textMax: number;
}

/* ---- the whole ---- */

export type SessionView =
	| { readonly state: "loading" }
	| {
			readonly state: "signedOut";
			/* Nobody has an account yet: the first person comes by the one-time link that the server printed. */
			readonly firstRun: boolean;
			/* An invitation link was opened; "gone" = used up or expired. */
			readonly invite: InviteView | "gone" | null;
			readonly why: "revoked" | "signedOut" | "linkGone" | null;
			/* The server could not be asked; everything else here is a guess. */
			readonly unreachable: boolean;
	  }
	| { readonly state: "signedIn"; readonly me: MeView };

export interface InviteView {
	readonly admin: boolean;
	/* Who invites, null for the first account. */
	readonly from: string | null;
}

export interface MeView {
	readonly id: number;
	readonly username: string;
	readonly name: string;
	readonly admin: boolean;
	readonly device: number;
	readonly receipts: boolean;
	readonly hideDecline: boolean;
	/* Calls are silenced until then; 0 = they ring. */
	readonly quietUntil: number;
	readonly quietShare: boolean;
}

/* "elsewhere": another window of this device took over; useHere() takes it back. */
export type Connection = "online" | "connecting" | "offline" | "elsewhere";

export type Toast = {
	readonly id: number;
	/* The screen finds words for it in its catalogue. */
	readonly what:
		| { readonly type: "error"; readonly code: ErrorCode; readonly doing: Doing }
		| { readonly type: "noteDiscarded"; readonly ms: number }
		| { readonly type: "noteTooShort" }
		| { readonly type: "noteSent"; readonly to: string }
		| { readonly type: "noteQueued" }
		| { readonly type: "draftKept"; readonly ms: number; readonly why: DraftWhy }
		| { readonly type: "answeredElsewhere"; readonly device: string | null }
		| { readonly type: "callGone"; readonly conv: number }
		| { readonly type: "entryDeleted" }
		| { readonly type: "alreadySignedIn" };
	/* Offered as a button; the toast goes when it was used. */
	readonly action: { readonly name: "undo" | "retry" | "callBack"; readonly run: () => void } | null;
};

export type Doing =
	| "call"
	| "text"
	| "note"
	| "draft"
	| "delete"
	| "play"
	| "listen"
	| "people"
	| "devices"
	| "settings";
export type DraftWhy = "answered" | "hidden" | "callAgain" | "closed" | "offline" | "takenOver";

export interface AppModel {
	readonly session: ReadonlySignal<SessionView>;
	readonly connection: ReadonlySignal<Connection>;
	/* null until the first hello; sensible defaults stand in. */
	readonly limits: ReadonlySignal<Limits>;
	readonly toasts: ReadonlySignal<readonly Toast[]>;
	/* The text of the one polite live region. Changes are spoken; it is emptied shortly after. */
	readonly spoken: ReadonlySignal<string>;
	/* For document.title: what to flash ("Incoming call from Ana"), null = the ordinary title. */
	readonly flash: ReadonlySignal<string | null>;
	/* Somebody tapped a notification, or a note was sent: show this chat. Call shown() when done. */
	readonly wanted: ReadonlySignal<{ readonly conv: number } | null>;
	readonly updateReady: ReadonlySignal<boolean>;

	readonly chats: ChatsModel;
	readonly calls: CallModel;
	readonly recorder: RecorderModel;
	readonly drafts: DraftsModel;
	readonly player: PlayerModel;
	readonly live: LiveModel;
	readonly people: PeopleModel;
	readonly devices: DevicesModel;
	readonly settings: SettingsModel;

	/* One model a chat; the same chat gives the same model. */
	thread(conv: number): ThreadModel;

	signIn(username: string, password: string): Promise<Result>;
	/* With the invitation of this page. "exists" = the username is taken. */
	createAccount(name: string, username: string, password: string): Promise<Result>;
	signOut(): Promise<Result>;
	useHere(): void;
	announce(text: string): void;
	dismiss(toast: number): void;
	shown(): void;
	reload(): void;
}

/* Texts that leave the page or are spoken by models: the screens' catalogue provides them. */
export interface Words {
	incomingCall(kind: Kind, name: string): string;
	missedCall(kind: Kind, name: string): string;
	missedCallWithNote(kind: Kind, name: string, noteMs: number): string;
	noteArrived(kind: Kind, name: string, noteMs: number): string;
	textArrived(name: string): string;
	noteBeingLeft(kind: Kind, name: string): string;
	outcome(outcome: Outcome, name: string, quietUntil: number | null): string;
	recordingStarted(): string;
	recordingPaused(): string;
	secondsLeft(ms: number): string;
	draftKept(ms: number): string;
	noteSent(name: string): string;
	answered(name: string): string;
}

/* ---- chats ---- */

export type LastGlyph =
	| "text"
	| "voiceNote"
	| "videoNote"
	| "missedCall"
	| "outgoingCall"
	| "call"
	| "deleted"
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
}

export interface ChatView {
	readonly conv: number;
	readonly person: PersonView;
	readonly last: LastView | null;
	/* For sorting; the list is sorted already. */
	readonly activityTs: number;
	readonly unread: number;
	/* A note of theirs is not played. */
	readonly unheard: boolean;
	/* The last entries hold a call of theirs that was missed and not seen. */
	readonly missed: boolean;
	readonly typing: boolean;
	readonly leavingNote: boolean;
	/* Text that was written and not sent. */
	readonly draftText: string;
}

export type ChatFilter = "all" | "missed" | "unheard";

export interface ChatsModel {
	/* Sorted by last activity, filtered by filter and query. */
	readonly list: ReadonlySignal<readonly ChatView[]>;
	/* Not filtered. */
	readonly all: ReadonlySignal<readonly ChatView[]>;
	/* Calls of all chats known here, newest first: the "Calls" page. */
	readonly calls: ReadonlySignal<readonly { readonly chat: ChatView; readonly call: CallEntry }[]>;
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

/* ---- the thread ---- */

export type SendState = "sending" | "sent" | "delivered" | "read" | "failed";

interface EntryBase {
	/* Stays the same from pending to sent. */
	readonly key: string;
	/* null while it is not in the log. */
	readonly seq: number | null;
	readonly mine: boolean;
	readonly ts: number;
}

export interface TextEntry extends EntryBase {
	readonly type: "text";
	readonly text: string;
	readonly send: SendState;
	readonly failed: ErrorCode | null;
	readonly answers: { readonly seq: number; readonly text: string; readonly mine: boolean } | null;
	readonly canDelete: boolean;
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
	/* "answered on laptop" */
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

export type DisplayEntry = TextEntry | CallEntry | NoteEntry | SendingEntry | DeletedEntry;

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
	readonly person: ReadonlySignal<PersonView | null>;
	/* Oldest first. */
	readonly entries: ReadonlySignal<readonly DisplayEntry[]>;
	readonly loading: ReadonlySignal<boolean>;
	readonly hasOlder: ReadonlySignal<boolean>;
	/* First unread seq at the moment the thread was opened, for the "new" line. */
	readonly firstUnread: ReadonlySignal<number | null>;
	readonly typing: ReadonlySignal<boolean>;
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

/* ---- calls ---- */

export type OutgoingPhase =
	| { readonly name: "reaching" }
	| { readonly name: "ringing"; readonly devices: number }
	| {
			readonly name: "unanswered";
			readonly outcome: Exclude<Outcome, "answered">;
			/* How strongly the note is offered: main = focused and biggest; none = only Cancel. */
			readonly prompt: "main" | "offered" | "small" | "none";
			/* "Calls silenced until 08:00", when they share it. */
			readonly quietUntil: number | null;
	  }
	/* The note for this call is open in RecorderModel. */
	| { readonly name: "note" };

export interface OutgoingView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly kind: Kind;
	readonly phase: OutgoingPhase;
	readonly startedTs: number;
	/* "Leave a note now" may be shown (while reaching: from note_offer_ms on; while ringing: always). */
	readonly canLeaveNoteNow: boolean;
	/* false when call.start was refused (blocked by me, rate limited, ...): then `refused` says why. */
	readonly refused: { readonly code: ErrorCode; readonly retryMs: number | null } | null;
}

export interface IncomingView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly kind: Kind;
	readonly startedTs: number;
	/* Another call is going on: show as call waiting, small, without the ring tone. */
	readonly waiting: boolean;
	readonly answering: boolean;
}

export interface AnsweredView {
	readonly call: string;
	readonly conv: number;
	readonly person: PersonView;
	readonly kind: Kind;
	/* By this device's clock, however wrong it is. */
	readonly answeredTs: number;
	readonly outgoing: boolean;
}

export interface CallModel {
	readonly outgoing: ReadonlySignal<OutgoingView | null>;
	readonly incoming: ReadonlySignal<readonly IncomingView[]>;
	/* The call in which this device is. */
	readonly answered: ReadonlySignal<AnsweredView | null>;
	start(conv: number, kind: Kind): Promise<Result<{ call: string }>>;
	/* While it rings: stops ringing, shows the compact prompt. Once unanswered: closes the screen. */
	cancel(): Promise<Result>;
	/* Stops ringing and records at once, or records for the unanswered call. `kind` switches voice and video. */
	leaveNote(kind?: Kind): Promise<Result>;
	/* Keeps what is recorded as a draft and calls once more. */
	callAgain(): Promise<Result>;
	answer(call: string): Promise<Result>;
	decline(call: string, text?: string): Promise<Result>;
	/* Stops the ring tone here only. */
	silence(call: string): void;
	hangUp(): Promise<Result>;
}

/* ---- recording ---- */

export interface RecTarget {
	readonly conv: number;
	readonly name: string;
	/* The missed call it is for. */
	readonly call: string | null;
}

export type RecWarning = "silent" | "deviceLost" | "limitSoon" | "cameraFailed" | "notSaved" | "offline";

export type RecorderView =
	| { readonly state: "idle" }
	| { readonly state: "opening"; readonly target: RecTarget; readonly kind: Kind }
	/* Video only: 3 s, skippable. */
	| { readonly state: "countdown"; readonly target: RecTarget; readonly kind: "video" }
	| (RecOpen & { readonly state: "recording" })
	| (RecOpen & {
			readonly state: "paused";
			/* Why it paused without being asked to; null = by the person. */
			readonly why: "hidden" | "interrupted" | "deviceLost" | "limit" | null;
			readonly canResume: boolean;
	  })
	| (RecOpen & { readonly state: "sending" })
	/* Nothing is lost: Retry, Save file, or leave it as a draft. */
	| (RecOpen & {
			readonly state: "failed";
			readonly code: ErrorCode;
			readonly canRetry: boolean;
			readonly canSave: boolean;
	  })
	/* Could not be opened. `kind` says what was wanted; a video note may be tried again as voice. */
	| {
			readonly state: "blocked";
			readonly target: RecTarget;
			readonly kind: Kind;
			readonly code: "denied" | "no_device" | "in_use";
	  };

export interface RecOpen {
	readonly rec: string;
	readonly target: RecTarget;
	readonly kind: Kind;
	readonly maxMs: number;
	readonly warnings: readonly RecWarning[];
	/* "They can listen while you record". */
	readonly canBeHeard: boolean;
	/* Names of those who listen now. */
	readonly listeners: readonly string[];
	/* "Listen": plays what was recorded so far (pauses first). */
	readonly review: "off" | "playing";
	readonly canListen: boolean;
}

export interface RecorderModel {
	readonly view: ReadonlySignal<RecorderView>;
	/* Change many times a second; read them where they are drawn. */
	readonly ms: ReadonlySignal<number>;
	/* What the server has, durably. */
	readonly savedMs: ReadonlySignal<number>;
	readonly countdownMs: ReadonlySignal<number>;
	/* 0 to 1. */
	readonly level: ReadonlySignal<number>;
	/* Levels 0 to 1, one for each 50 ms, at most the last 200: the scrolling waveform. */
	readonly wave: ReadonlySignal<readonly number[]>;
	readonly reviewMs: ReadonlySignal<number>;
	/* Own picture while a video note is made. Put it into <video muted playsinline>.srcObject. */
	readonly preview: ReadonlySignal<MediaStream | null>;
	/* The picture of a video note that is listened to: put it into the place of the preview. */
	readonly reviewPicture: ReadonlySignal<HTMLVideoElement | null>;
	/* What this browser can record. */
	readonly can: { readonly voice: boolean; readonly video: boolean };

	/* From the thread, without a call. */
	start(conv: number, kind: Kind): Promise<Result>;
	skipCountdown(): void;
	pause(): void;
	resume(): Promise<Result>;
	/* Pauses, and plays what there is; again to stop. */
	listen(): void;
	/* Shorter than the minimum: nothing is sent, undo is offered. */
	send(): Promise<Result>;
	/* Paused at the limit: sends this one and begins a second. */
	sendAndGoOn(): Promise<Result>;
	/* With undo for 5 s (toast). */
	discard(): void;
	/* Leaves it as a draft. */
	keep(): void;
	/* Another microphone or camera (settings) was chosen, or the old one is lost. */
	replaceInput(): Promise<Result>;
	switchKind(kind: Kind): Promise<Result>;
	retry(): Promise<Result>;
	saveFile(): Promise<Result>;
	/* From "blocked" back to idle. */
	dismiss(): void;
}

/* ---- drafts: recordings without Send, from any device of mine ---- */

export interface DraftView {
	readonly rec: string;
	readonly conv: number;
	readonly name: string;
	readonly call: string | null;
	readonly kind: Kind;
	readonly savedMs: number;
	readonly createdTs: number;
	/* Its bytes began on this device. */
	readonly here: boolean;
	/* "recording": another device is making it right now. */
	readonly state: "draft" | "recording" | "sending" | "unreadable";
	readonly canSend: boolean;
	readonly canContinue: boolean;
	readonly canSave: boolean;
}

export interface DraftsModel {
	readonly list: ReadonlySignal<readonly DraftView[]>;
	send(rec: string): Promise<Result>;
	/* Opens it in the recorder, to go on speaking. */
	resume(rec: string): Promise<Result>;
	/* With undo (toast). */
	discard(rec: string): Promise<Result>;
	saveFile(rec: string): Promise<Result>;
}

/* ---- playing ---- */

export type Speed = 1 | 1.25 | 1.5 | 2;

export interface PlayerModel {
	/* The one that is loaded; null = nothing. */
	readonly current: ReadonlySignal<NoteView | null>;
	readonly playing: ReadonlySignal<boolean>;
	readonly waiting: ReadonlySignal<boolean>;
	readonly positionMs: ReadonlySignal<number>;
	readonly speed: ReadonlySignal<Speed>;
	readonly failed: ReadonlySignal<ErrorCode | null>;
	/* The global <video>, while a video note is current: put it into its card (append it; it may be moved). */
	readonly picture: ReadonlySignal<HTMLVideoElement | null>;
	/* Call inside a click. Goes on where I was. */
	play(note: NoteView): void;
	toggle(note: NoteView): void;
	pause(): void;
	seek(note: NoteView, ms: number): void;
	/* 1, 1.25, 1.5, 2, 1, ... */
	nextSpeed(): void;
	/* Position of any note, playing or not. */
	positionOf(note: NoteView): number;
	stop(): void;
}

export interface LiveView {
	readonly rec: string;
	readonly conv: number;
	readonly call: string | null;
	readonly person: PersonView;
	readonly kind: Kind;
	readonly state: "recording" | "paused" | "sent" | "discarded" | "answered";
	/* How long it is by now, as last heard. */
	readonly ms: number;
	/* later: this browser can play it only when it is sent. */
	readonly listening: "off" | "connecting" | "playing" | "later";
	/* It belongs to a call that can still be picked up. */
	readonly canAnswer: boolean;
}

export interface LiveModel {
	/* Notes that are being left for me; one that ended stays some seconds if it was listened to. */
	readonly notes: ReadonlySignal<readonly LiveView[]>;
	readonly picture: ReadonlySignal<HTMLVideoElement | null>;
	/* Call inside a click. */
	listen(rec: string): Promise<Result>;
	stop(rec: string): void;
	answer(rec: string): Promise<Result>;
	dismiss(rec: string): void;
}

/* ---- people, devices, settings ---- */

export interface InviteLink {
	readonly id: number;
	readonly uses: number;
	readonly expiresTs: number;
	readonly createdTs: number;
	readonly by: string;
}

export interface PeopleModel {
	readonly found: ReadonlySignal<readonly PersonView[]>;
	readonly finding: ReadonlySignal<boolean>;
	/* Shows results in `found`; only the newest query counts. "" lists everybody (50). */
	find(query: string): Promise<Result>;
	/* The link to hand on. */
	invite(options?: {
		uses?: number;
		days?: number;
		admin?: boolean;
	}): Promise<Result<{ link: string; expiresTs: number }>>;
	invites(): Promise<Result<{ invites: readonly InviteLink[] }>>;
	revokeInvite(id: number): Promise<Result>;
	block(user: number): Promise<Result>;
	unblock(user: number): Promise<Result>;
}

export interface DeviceView {
	readonly id: number;
	readonly name: string;
	readonly createdTs: number;
	readonly seenTs: number;
	readonly current: boolean;
}

export interface DevicesModel {
	readonly list: ReadonlySignal<readonly DeviceView[]>;
	readonly loading: ReadonlySignal<boolean>;
	load(): Promise<Result>;
	rename(device: number, name: string): Promise<Result>;
	revoke(device: number): Promise<Result>;
}

export interface Prefs {
	readonly theme: "auto" | "light" | "dark";
	readonly contrast: "auto" | "more";
	readonly sounds: boolean;
	readonly shortcuts: boolean;
	/* deviceId of the chosen microphone and camera; "" = the default. */
	readonly microphone: string;
	readonly camera: string;
	readonly speed: Speed;
	/* BCP 47, "" = the browser's. */
	readonly language: string;
}

export type NotifyState = "on" | "off" | "blocked" | "unsupported";

export interface SettingsModel {
	/* Of this device, kept here. */
	readonly prefs: ReadonlySignal<Prefs>;
	readonly notifications: ReadonlySignal<NotifyState>;
	readonly inputs: ReadonlySignal<{
		readonly microphones: readonly InputView[];
		readonly cameras: readonly InputView[];
	}>;
	set<K extends keyof Prefs>(name: K, value: Prefs[K]): void;
	/* Call inside a click. */
	enableNotifications(): Promise<Result>;
	disableNotifications(): void;
	loadInputs(): Promise<Result>;
	testSound(): void;
	/* Of the account, on every device. */
	setName(name: string): Promise<Result>;
	setReceipts(on: boolean): Promise<Result>;
	setHideDecline(on: boolean): Promise<Result>;
	/* By this device's clock, as quietUntil is. */
	setQuiet(untilTs: number, share: boolean): Promise<Result>;
}

export interface InputView {
	readonly id: string;
	readonly label: string;
}
