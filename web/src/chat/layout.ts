/* Which entries stand together: by day, by person, within five minutes. */
import { daysBetween } from "../i18n/format.ts";
import type { DisplayEntry } from "../state/types/thread.ts";

const TOGETHER_MS = 5 * 60_000;

export interface Row {
	readonly entry: DisplayEntry;
	/* A day line stands before it. */
	readonly newDay: boolean;
	/* The "new" line stands before it. */
	readonly unreadStart: boolean;
	readonly first: boolean;
	readonly last: boolean;
}

function together(a: DisplayEntry, b: DisplayEntry): boolean {
	return (
		a.mine === b.mine &&
		a.from?.id === b.from?.id &&
		a.type === "text" &&
		b.type === "text" &&
		b.ts - a.ts < TOGETHER_MS &&
		daysBetween(a.ts, b.ts) === 0
	);
}

/* The first that is new to me. Once I have written after it, nothing is. */
function newFrom(entries: readonly DisplayEntry[], firstUnread: number | null): DisplayEntry | undefined {
	const at = entries.findIndex(
		entry => !entry.mine && entry.seq !== null && firstUnread !== null && entry.seq >= firstUnread,
	);
	return at < 0 || entries.slice(at).some(entry => entry.mine) ? undefined : entries[at];
}

export function rows(entries: readonly DisplayEntry[], firstUnread: number | null): readonly Row[] {
	const starts = newFrom(entries, firstUnread);
	return entries.map((entry, index) => {
		const before = entries[index - 1];
		const after = entries[index + 1];
		const newDay = !before || daysBetween(before.ts, entry.ts) !== 0;
		const unreadStart = entry === starts;
		return {
			entry,
			newDay,
			unreadStart,
			first: !before || unreadStart || !together(before, entry),
			last: !after || after === starts || !together(entry, after),
		};
	});
}
