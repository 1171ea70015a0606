import { describe, expect, it } from "vitest";
import { backoff } from "./backoff.ts";
import { within } from "./clock.ts";
import { fromHex, newId, toHex } from "./id.ts";
import { foldPeaks, Levels, PEAKS } from "./peaks.ts";
import { chatOfPath, chatPath } from "./routes.ts";
import { Scope } from "./scope.ts";
import { VirtualClock } from "./virtualClock.ts";

describe("scope", () => {
	it("ends what it owns, last first, once", () => {
		const scope = new Scope();
		const ended: string[] = [];
		scope.add(() => ended.push("a"));
		const b = scope.add(() => ended.push("b"));
		scope.child().add(() => ended.push("child"));
		b();
		b();
		scope.end();
		scope.end();
		expect(ended).toEqual(["b", "child", "a"]);
	});

	it("ends at once what comes too late", () => {
		const scope = new Scope();
		scope.end();
		let ended = false;
		scope.add(() => {
			ended = true;
		});
		expect(ended).toBe(true);
	});

	it("forgets a child that ended by itself", () => {
		const scope = new Scope();
		let count = 0;
		const child = scope.child();
		child.add(() => count++);
		child.end();
		scope.end();
		expect(count).toBe(1);
	});
});

describe("peaks", () => {
	it("are 64 bytes of any recording", () => {
		for (const count of [0, 1, 10, 63, 64, 65, 1000]) {
			const peaks = foldPeaks(Array.from({ length: count }, (_, i) => (i % 10) / 10));
			expect(peaks).toHaveLength(PEAKS);
			expect(peaks.every(peak => Number.isInteger(peak) && peak >= 0 && peak <= 255)).toBe(true);
		}
	});

	it("show where it was loud, and leave silence flat", () => {
		const peaks = foldPeaks([...new Array(500).fill(0.01), ...new Array(500).fill(0.8)]);
		expect(Math.max(...peaks.slice(0, 32))).toBeLessThan(60);
		expect(peaks[40]).toBe(255);
		expect(Math.max(...foldPeaks(new Array(100).fill(0.001)))).toBeLessThan(40);
		expect(foldPeaks([Number.NaN, 2, -1]).every(peak => peak >= 0 && peak <= 255)).toBe(true);
	});

	it("stay bounded however long it gets, and survive a pause in a draft", () => {
		const levels = new Levels(128);
		for (let i = 0; i < 10_000; i++) levels.push(i === 9_000 ? 1 : 0.1);
		expect(levels.values.length).toBeLessThan(128);
		expect(Math.max(...levels.values)).toBe(1);
		const again = new Levels(128);
		again.load(levels.save());
		expect(again.values).toEqual(levels.values);
	});
});

describe("small things", () => {
	it("names are 32 hex digits", () => {
		const id = newId(count => new Uint8Array(count).fill(171));
		expect(id).toBe("ab".repeat(16));
		expect(toHex(fromHex(id) ?? new Uint8Array())).toBe(id);
		expect(fromHex("xy")).toBeNull();
		expect(fromHex("abc")).toBeNull();
	});

	it("waits longer each time, up to a ceiling", () => {
		const waits = [0, 1, 2, 3, 20].map(tries => backoff(tries, () => 1, 400, 15_000));
		expect(waits).toEqual([400, 800, 1600, 3200, 15_000]);
		expect(backoff(0, () => 0)).toBe(200);
	});

	it("knows chats by their address", () => {
		expect(chatOfPath(chatPath(42))).toBe(42);
		for (const path of ["/", "/c/", "/c/0", "/c/x", "/c/1/2", "/c/-1"]) expect(chatOfPath(path)).toBeNull();
	});

	it("does not wait for ever", async () => {
		const clock = new VirtualClock();
		const never = within(clock, 100, new Promise<string>(() => {}), "late");
		await clock.advance(100);
		expect(await never).toBe("late");
		expect(await within(clock, 100, Promise.resolve("in time"), "late")).toBe("in time");
		expect(clock.timers).toBe(0);
	});
});
