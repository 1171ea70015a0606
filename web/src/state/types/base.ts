/* What the screens see. Models keep signals of plain, immutable data and offer verbs; screens read the one and call the other.
 * A verb resolves to { ok: true } or { ok: false, code } and never throws. Numbers ending in Ms are milliseconds; a plain `ts` is
 * a point in server time (milliseconds since 1970). Start from state/browser.ts: `startBrowserApp(words)`. */

export type { ErrorCode, Failure, Result } from "../../wire/errors.ts";

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

/* A group as one of its members sees it. */
export interface GroupView {
	readonly conv: number;
	readonly name: string;
	/* Where its picture is, null = none. */
	readonly picture: string | null;
	/* The others by name, then me. */
	readonly members: readonly MemberView[];
	/* I am an admin. */
	readonly admin: boolean;
	/* I am no member any more: what is there stays readable. */
	readonly left: boolean;
}

export interface MemberView {
	readonly person: PersonView;
	readonly me: boolean;
	readonly admin: boolean;
}

export interface GroupChange {
	readonly did: "created" | "named" | "pictured" | "added" | "removed" | "left" | "admin" | "unadmin";
	/* null: I did it. */
	readonly by: PersonView | null;
	/* Whom it is about, without me. */
	readonly users: readonly PersonView[];
	/* And me. */
	readonly withMe: boolean;
	readonly name: string;
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
