import { expect, test } from "vitest";
import { nearest, stepped } from "./movable.ts";

test.each([
	[0.1, 0.1, false, "start", "start"],
	[0.9, 0.2, false, "start", "end"],
	[0.9, 0.8, true, "end", "start"],
	[0.1, 0.8, true, "end", "end"],
])("a picture let go at %d, %d (rtl %s) goes to the %s %s corner", (x, y, rtl, block, inline) => {
	expect(nearest(x, y, rtl)).toEqual({ block, inline });
});

test("arrow keys move it as they point, also where lines run the other way", () => {
	const at = { block: "end", inline: "end" } as const;
	expect(stepped(at, "ArrowUp", false)).toEqual({ block: "start", inline: "end" });
	expect(stepped(at, "ArrowLeft", false)).toEqual({ block: "end", inline: "start" });
	expect(stepped(at, "ArrowLeft", true)).toEqual({ block: "end", inline: "end" });
	expect(stepped(at, "Enter", false)).toBeNull();
});
