import { describe, expect, it } from "vitest";
import { type Box, grid, placesOf } from "./roomLayout.ts";

const inside = (box: Box, width: number, height: number) =>
	box.x >= -0.01 &&
	box.y >= -0.01 &&
	box.x + box.width <= width + 0.01 &&
	box.y + box.height <= height + 0.01;
const apart = (a: Box, b: Box) =>
	a.x + a.width <= b.x + 0.01 ||
	b.x + b.width <= a.x + 0.01 ||
	a.y + a.height <= b.y + 0.01 ||
	b.y + b.height <= a.y + 0.01;

const sizes = [
	[320, 420],
	[390, 640],
	[844, 240],
	[1000, 560],
	[1680, 900],
] as const;
const keysOf = (count: number) => Array.from({ length: count }, (_, i) => `${i}:camera`);

describe.each(sizes)("tiles in %i by %i", (width, height) => {
	it("stand inside, apart from one another, however many", () => {
		for (let count = 1; count <= 12; count++)
			for (const layout of ["grid", "speaker"] as const) {
				const boxes = [...placesOf(keysOf(count), "0:camera", layout, width, height).values()];
				expect(boxes).toHaveLength(count);
				for (const [i, box] of boxes.entries()) {
					expect(inside(box, width, height), `${layout} ${count}`).toBe(true);
					expect(box.width).toBeGreaterThan(20);
					expect(box.height).toBeGreaterThan(20);
					for (const other of boxes.slice(i + 1)) expect(apart(box, other), `${layout} ${count}`).toBe(true);
				}
			}
	});

	it("have the stage far larger than any other", () => {
		for (let count = 2; count <= 10; count++) {
			const places = placesOf(keysOf(count), "1:camera", "speaker", width, height);
			const area = (key: string) => (places.get(key)?.width ?? 0) * (places.get(key)?.height ?? 0);
			for (const key of keysOf(count))
				if (key !== "1:camera") expect(area("1:camera")).toBeGreaterThan(2.5 * area(key));
		}
	});
});

describe("a grid", () => {
	it("keeps its order, and puts the last row in the middle", () => {
		const boxes = grid(5, { x: 0, y: 0, width: 1200, height: 700 });
		const rows = new Set(boxes.map(box => Math.round(box.y)));
		expect(rows.size).toBe(2);
		expect(boxes[3]?.x).toBeGreaterThan(boxes[0]?.x ?? 0);
	});

	it("of nobody, or without room, is empty", () => {
		expect(grid(0, { x: 0, y: 0, width: 10, height: 10 })).toEqual([]);
		expect(grid(3, { x: 0, y: 0, width: 0, height: 10 })).toEqual([]);
		expect(placesOf(["a"], "b", "speaker", 100, 100).size).toBe(1);
	});
});
