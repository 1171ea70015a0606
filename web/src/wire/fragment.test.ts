import { describe, expect, it } from "vitest";
import { decodeFragment, encodeFragment, FRAGMENT_HEAD } from "./fragment.ts";

const fragment = {
	rec: "00112233445566778899aabbccddeeff",
	seg: 258,
	number: 70_000,
	atMs: 3_000_000_000,
	bytes: new Uint8Array([9, 8, 7]),
};

describe("binary frames", () => {
	it("lie as the protocol says", () => {
		const frame = encodeFragment(fragment);
		expect([...frame.subarray(0, FRAGMENT_HEAD)]).toEqual([
			1, 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff, 1, 2,
			0, 1, 0x11, 0x70, 0xb2, 0xd0, 0x5e, 0x00,
		]);
		expect(decodeFragment(frame.buffer)).toEqual(fragment);
	});

	it("that are none are refused", () => {
		const frame = encodeFragment(fragment);
		for (let length = 0; length <= FRAGMENT_HEAD; length++)
			expect(decodeFragment(frame.buffer.slice(0, length))).toBeNull();
		frame[0] = 2;
		expect(decodeFragment(frame.buffer)).toBeNull();
		expect(() => encodeFragment({ ...fragment, rec: "short" })).toThrow();
	});
});
