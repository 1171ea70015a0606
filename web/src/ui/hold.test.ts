import { expect, test } from "vitest";
import { holdEnd, holdView } from "./hold.ts";

test("a tap locks, a hold sends, sliding discards or locks", () => {
	expect(holdEnd(120, holdView(0, 0))).toBe("lock");
	expect(holdEnd(2000, holdView(10, 8))).toBe("send");
	expect(holdEnd(2000, holdView(120, 0))).toBe("discard");
	expect(holdEnd(2000, holdView(0, 80))).toBe("lock");
	expect(holdView(-50, -50)).toEqual({ cancel: 0, lock: 0 });
});
