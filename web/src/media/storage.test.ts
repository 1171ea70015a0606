import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it } from "vitest";
import { IdbStorage } from "./idbStorage.ts";
import { MemoryStorage } from "./memoryStorage.ts";
import type { LocalFragment, LocalText, Storage } from "./storage.ts";

const text = (cid: number): LocalText => ({ cid, conv: 1, text: `${cid}`, re: null, ts: 1, failed: null });
const fragment = (n: number): LocalFragment => ({ seg: 0, atMs: n, bytes: new Uint8Array([n]) });

let count = 0;

/* One contract, two siblings. */
for (const name of ["memory", "indexedDB"] as const) {
	describe(`storage: ${name}`, () => {
		let storage: Storage;

		beforeEach(() => {
			const idb = new IdbStorage();
			idb.use(`test-${count++}`);
			storage = name === "memory" ? new MemoryStorage() : idb;
		});

		it("keeps and gives back", async () => {
			expect(await storage.get("texts", [1])).toBeUndefined();
			expect(await storage.put("texts", [1], text(1))).toBe(true);
			expect(await storage.get("texts", [1])).toEqual(text(1));
			await storage.remove("texts", [1]);
			expect(await storage.get("texts", [1])).toBeUndefined();
		});

		it("lists in order of number, by prefix and range, newest or oldest", async () => {
			const rows = [10, 2, 1, 30].map(n => ({ key: ["a", n], value: fragment(n) }));
			expect(await storage.putAll("fragments", [...rows, { key: ["b", 5], value: fragment(5) }])).toBe(true);
			const numbers = async (
				...args: Parameters<Storage["list"]> extends [unknown, ...infer R] ? R : never
			) => (await storage.list("fragments", ...args)).map(one => one.atMs);
			expect(await numbers(["a"])).toEqual([1, 2, 10, 30]);
			expect(await numbers([])).toEqual([1, 2, 10, 30, 5]);
			expect(await numbers(["a"], { from: 2, to: 10 })).toEqual([2, 10]);
			expect(await numbers(["a"], { from: 0, to: 99 }, { limit: 2 })).toEqual([1, 2]);
			expect(await numbers(["a"], { from: 0, to: 99 }, { limit: 2, newestFirst: true })).toEqual([10, 30]);
			await storage.removeAll("fragments", ["a"]);
			expect(await numbers([])).toEqual([5]);
		});

		it("forgets everything", async () => {
			await storage.put("texts", [1], text(1));
			await storage.erase();
			expect(await storage.list("texts", [])).toEqual([]);
		});
	});
}

describe("storage that is forbidden", () => {
	it("says so and throws nothing", async () => {
		const storage = new IdbStorage();
		expect(await storage.put("texts", [1], text(1))).toBe(false);
		expect(await storage.get("texts", [1])).toBeUndefined();
		expect(await storage.list("texts", [])).toEqual([]);
		expect(await storage.removeAll("texts", [1])).toBe(false);
		await storage.erase();
	});
});
