import { expect, test } from "vitest";
import * as format from "./format.ts";
import { t } from "./text.ts";
import { outcomeSentence } from "./words.ts";

test("names stand in sentences without invisible marks", () => {
	expect(t("calling", { name: "Ben" })).toBe("Calling Ben");
	expect(outcomeSentence("no_answer", "Ben", null)).toBe("Ben didn't answer.");
});

test("counts choose their form", () => {
	expect(t("unread", { count: 1 })).toBe("1 unread");
	expect(t("unread", { count: 3 })).toBe("3 unread");
});

test("lengths", () => {
	format.setLocale("en-GB");
	expect(format.length(23_400)).toBe("0:23");
	expect(format.length(3_723_000)).toBe("1:02:03");
	expect(format.noteLength(300)).toBe("0:01");
});

test("days", () => {
	format.setLocale("en-GB");
	const now = new Date(2026, 10, 24, 9).getTime();
	expect(format.day(now - 60_000, now)).toBe("Today");
	expect(format.day(new Date(2026, 10, 23, 23).getTime(), now)).toBe("Yesterday");
	expect(format.day(new Date(2026, 10, 20).getTime(), now)).toBe("Friday");
	expect(format.when(new Date(2026, 10, 24, 8, 5).getTime(), now)).toBe("08:05");
});
