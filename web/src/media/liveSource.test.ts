import { describe, expect, it } from "vitest";
import { speedFor } from "./liveSource.ts";

/* Pieces of `piece` s come as they are spoken; gives how far behind it is right after each, having begun `behind` s behind. */
function play(behind: number, seconds: number, waits = 0, piece = 0.25): number[] {
	const seen: number[] = [];
	let speed = 1;
	for (let at = 0; at < seconds; at += piece) {
		speed = speedFor(behind, speed, waits);
		seen.push(behind);
		behind -= (speed - 1) * piece;
	}
	return seen;
}

describe("the speed of a note that is listened to while it is left", () => {
	it("brings a late listener to half a second within some seconds, and leaves them there", () => {
		const seen = play(1.5, 20);
		expect(seen.findIndex(behind => behind <= 0.55)).toBeLessThan(8 / 0.25);
		expect(Math.min(...seen)).toBeGreaterThan(0.45);
		expect(seen.at(-1)).toBeLessThanOrEqual(0.5);
	});

	it("does not begin to hurry for a little", () => {
		expect(play(0.65, 5).at(-1)).toBe(0.65);
	});

	it("stays further behind where pieces come late, but not for ever further", () => {
		expect(play(1.5, 20, 3).at(-1)).toBeCloseTo(0.8, 1);
		expect(speedFor(1, 1.1, 50)).toBe(1);
	});
});
