/* What this device keeps: the logs it has seen, texts and recordings on their way. Every operation that fails says so by its result;
 * a browser that refuses storage must not stop anybody from speaking. */
import type { LevelsSaved } from "../lib/peaks.ts";
import type { Entry, Kind } from "../wire/types.ts";

export interface LocalText {
	readonly cid: number;
	readonly conv: number;
	readonly text: string;
	readonly re: number | null;
	readonly ts: number;
	readonly failed: string | null;
}

export interface LocalRec {
	readonly rec: string;
	readonly conv: number;
	readonly call: string | null;
	readonly kind: Kind;
	/* One for each start of a recorder. */
	readonly segments: readonly { readonly seg: number; readonly mime: string; readonly first: number }[];
	readonly createdTs: number;
	/* Of this device, in time of recording. */
	readonly ms: number;
	readonly fragments: number;
	readonly levels: LevelsSaved;
	/* open: not sent. commit: Send was pressed, cid names the note for ever. unreadable: only to be saved as a file. */
	readonly state: "open" | "commit" | "unreadable";
	readonly cid: number | null;
	readonly peaks: readonly number[];
}

export interface LocalFragment {
	readonly seg: number;
	readonly atMs: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Tables {
	kv: unknown;
	entries: Entry;
	texts: LocalText;
	recs: LocalRec;
	fragments: LocalFragment;
}
export type Table = keyof Tables;
export type Key = readonly (string | number)[];
export const TABLES: readonly Table[] = ["kv", "entries", "texts", "recs", "fragments"];

export interface ListOptions {
	readonly limit?: number;
	readonly newestFirst?: boolean;
}

export interface Storage {
	get<T extends Table>(table: T, key: Key): Promise<Tables[T] | undefined>;
	/* false: not kept (no space, or no storage at all). */
	put<T extends Table>(table: T, key: Key, value: Tables[T]): Promise<boolean>;
	putAll<T extends Table>(
		table: T,
		rows: readonly { readonly key: Key; readonly value: Tables[T] }[],
	): Promise<boolean>;
	/* Rows whose key begins with `prefix`; with from and to (inclusive) over the number that follows it. In rising order of key. */
	list<T extends Table>(
		table: T,
		prefix: Key,
		range?: { readonly from: number; readonly to: number },
		options?: ListOptions,
	): Promise<readonly Tables[T][]>;
	remove(table: Table, key: Key): Promise<boolean>;
	removeAll(table: Table, prefix: Key): Promise<boolean>;
	/* Everything: on signing out. */
	erase(): Promise<void>;
}
