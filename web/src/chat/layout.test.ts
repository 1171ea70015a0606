import { expect, test } from "vitest";
import type { TextEntry } from "../state/types/thread.ts";
import { rows } from "./layout.ts";

const at = new Date(2026, 10, 24, 12).getTime();

function text(seq: number, mine: boolean, minutes: number, from = 0): TextEntry {
	const ts = at + minutes * 60_000;
	return {
		type: "text",
		key: String(seq),
		seq,
		mine,
		ts,
		from: from === 0 ? null : { id: from, username: "", name: "", blocked: false, online: 0 },
		text: "x",
		send: "sent",
		failed: null,
		answers: null,
		canDelete: mine,
	};
}

test("texts of one person within five minutes stand together", () => {
	const made = rows([text(1, true, 0), text(2, true, 3), text(3, true, 12), text(4, false, 13)], null);
	expect(made.map(row => [row.first, row.last])).toEqual([
		[true, false],
		[false, true],
		[true, true],
		[true, true],
	]);
});

test("in a group each person's texts stand for themselves", () => {
	const made = rows([text(1, false, 0, 2), text(2, false, 1, 2), text(3, false, 2, 3)], null);
	expect(made.map(row => row.first)).toEqual([true, false, true]);
});

test("no new line stands above what I have answered", () => {
	const made = rows([text(1, false, 0), text(2, false, 1), text(3, true, 2), text(4, false, 3)], 2);
	expect(made.some(row => row.unreadStart)).toBe(false);
});

test("the new line comes before their first unread entry, and parts a group", () => {
	const made = rows([text(1, false, 0), text(2, false, 1), text(3, false, 2)], 2);
	expect(made.map(row => row.unreadStart)).toEqual([false, true, false]);
	expect(made[0]?.last).toBe(true);
});

test("a new day parts a group", () => {
	const made = rows([text(1, true, 11 * 60 + 58), text(2, true, 12 * 60 + 1)], null);
	expect(made.map(row => row.newDay)).toEqual([true, true]);
	expect(made[1]?.first).toBe(true);
});
