/* The whole: who is signed in, what is told outside of any screen, and the way to every other model. */
import type { ReadonlySignal } from "@preact/signals";
import type { ErrorCode, Result } from "../../wire/errors.ts";
import type { Kind, Limits, Outcome } from "./base.ts";
import type { CallModel } from "./calls.ts";
import type { ChatsModel } from "./chats.ts";
import type { DraftsModel } from "./drafts.ts";
import type { GroupsModel } from "./groups.ts";
import type { LiveModel, PlayerModel } from "./playing.ts";
import type { RecorderModel } from "./recorder.ts";
import type { RoomsModel } from "./rooms.ts";
import type { DevicesModel, PeopleModel, SettingsModel } from "./settings.ts";
import type { TalkModel } from "./talk.ts";
import type { ThreadModel } from "./thread.ts";

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
		| { readonly type: "room"; readonly why: RoomNews }
		| { readonly type: "entryDeleted" }
		| { readonly type: "alreadySignedIn" };
	/* Offered as a button; the toast goes when it was used. */
	readonly action: { readonly name: "undo" | "retry" | "callBack"; readonly run: () => void } | null;
};

/* Why this device is in a room no more, or could not get in. */
export type RoomNews = "locked" | "full" | "moved" | "removed";

export type Doing =
	| "call"
	| "text"
	| "note"
	| "draft"
	| "delete"
	| "play"
	| "listen"
	| "people"
	| "group"
	| "picture"
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
	readonly talk: TalkModel;
	readonly rooms: RoomsModel;
	readonly recorder: RecorderModel;
	readonly drafts: DraftsModel;
	readonly player: PlayerModel;
	readonly live: LiveModel;
	readonly groups: GroupsModel;
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
	/* Who it is, and where: "Ben in Garden". */
	inGroup(name: string, group: string): string;
	addedToGroup(name: string, group: string): string;
	removedFromGroup(name: string, group: string): string;
	noteBeingLeft(kind: Kind, name: string): string;
	outcome(outcome: Outcome, name: string, quietUntil: number | null): string;
	recordingStarted(): string;
	recordingPaused(): string;
	secondsLeft(ms: number): string;
	draftKept(ms: number): string;
	noteSent(name: string): string;
	answered(name: string): string;
	missedRoom(kind: Kind | "chat", group: string): string;
	joinedRoom(name: string): string;
	leftRoom(name: string): string;
	reacted(names: readonly string[], emoji: string): string;
}
