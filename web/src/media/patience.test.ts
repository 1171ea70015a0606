import { describe, expect, it } from "vitest";
import { Patience } from "./patience.ts";

describe("patience with lost voice", () => {
	it("leaves the browser alone while nothing is lost", () => {
		const patience = new Patience();
		for (let s = 0; s < 60; s++) expect(patience.update(0, 300, s * 1000)).toBeNull();
	});

	it("waits for a round trip and a row of losses, within bounds", () => {
		expect(new Patience().update(1, 80, 0)).toBe(140);
		expect(new Patience().update(1, 0, 0)).toBe(60);
		expect(new Patience().update(4, 80, 0)).toBe(200);
		expect(new Patience().update(50, 80, 0)).toBe(240);
		expect(new Patience().update(1, 5000, 0)).toBe(400);
	});

	it("does not shorten while pieces go missing, and ends after a while without", () => {
		const patience = new Patience();
		expect(patience.update(3, 200, 0)).toBe(300);
		expect(patience.update(1, 80, 1_000)).toBe(300);
		expect(patience.update(0, 80, 15_900)).toBe(300);
		expect(patience.update(0, 80, 16_000)).toBeNull();
		expect(patience.update(1, 80, 17_000)).toBe(140);
	});
});
