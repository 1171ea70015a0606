/* Recordings without Send, from any device of mine. */
import type { ReadonlySignal } from "@preact/signals";
import type { Result } from "../../wire/errors.ts";
import type { Kind } from "./base.ts";

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
