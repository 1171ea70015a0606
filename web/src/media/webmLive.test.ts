import { describe, expect, it } from "vitest";
import chromiumVp8 from "../../../test/media/chromium-vp8.webm?inline";
import chromiumVp9 from "../../../test/media/chromium-vp9.webm?inline";
import firefoxVp8 from "../../../test/media/firefox-vp8.webm?inline";
import { WebmClusters } from "./webmLive.ts";

function recording(url: string): Uint8Array {
	return Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), letter => letter.charCodeAt(0));
}

const hex = (bytes: Uint8Array) => [...bytes].map(byte => byte.toString(16).padStart(2, "0")).join("");
const joined = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap(part => [...part]));

interface Seen {
	readonly cluster: number;
	readonly track: number;
	readonly time: number;
	readonly isKey: boolean;
	readonly bytes: string;
}

/* A second, plain reader: whole files only, everything it does not expect is an error. */
function blocks(file: Uint8Array): Seen[] {
	const seen: Seen[] = [];
	const view = new DataView(file.buffer, file.byteOffset);
	let clusters = 0;
	let base = 0;
	for (let at = 0; at < file.length; ) {
		const idLength = Math.clz32(file[at]!) - 23;
		const id = Number(`0x${hex(file.subarray(at, at + idLength))}`);
		const sizeAt = at + idLength;
		const sizeLength = Math.clz32(file[sizeAt]!) - 23;
		const coded = BigInt(`0x${hex(file.subarray(sizeAt, sizeAt + sizeLength))}`);
		const size = Number(coded & ((1n << BigInt(7 * sizeLength)) - 1n));
		const from = sizeAt + sizeLength;
		if (id === 0x1f43b675) clusters++;
		const isOpen = id === 0x18538067 || id === 0x1f43b675;
		if (id === 0xe7) base = Number(`0x${hex(file.subarray(from, from + size))}`);
		if (id === 0xa3) {
			seen.push({
				cluster: clusters,
				track: file[from]! & 0x7f,
				time: base + view.getInt16(from + 1),
				isKey: (file[from + 3]! & 0x80) !== 0,
				bytes: hex(file.subarray(from + 4, from + size)),
			});
		}
		expect(id).not.toBe(0xa0);
		at = isOpen ? from : from + size;
	}
	return seen;
}

function inPieces(file: Uint8Array, piece: number): Uint8Array {
	const clusters = new WebmClusters();
	const out: Uint8Array[] = [];
	for (let at = 0; at < file.length; at += piece) {
		const bytes = clusters.push(file.subarray(at, at + piece));
		if (bytes === null) throw new Error("refused");
		out.push(bytes);
	}
	return joined(out);
}

const without = ({ cluster: _, ...rest }: Seen) => rest;

describe.each([
	["Firefox's VP8", firefoxVp8],
	["Chromium's VP8", chromiumVp8],
	["Chromium's VP9", chromiumVp9],
])("%s", (_, url) => {
	const file = recording(url);
	const before = blocks(file);
	const after = blocks(inPieces(file, file.length));

	it("keeps every block, its time and its order", () => {
		expect(before.length).toBeGreaterThan(50);
		expect(after.map(without)).toEqual(before.map(without));
	});

	it("begins clusters with key frames of the picture only", () => {
		const video = before.find(block => !block.isKey)?.track;
		const heads = after.filter((block, i) => i === 0 || after[i - 1]!.cluster !== block.cluster);
		/* What comes before the first picture is in a cluster of its own. */
		expect(heads.slice(1).every(block => block.track === video && block.isKey)).toBe(true);
		const keys = after.filter((block, i) => i > 0 && block.track === video && block.isKey);
		expect(heads.length - 1).toBe(keys.length);
	});

	it("does not care in what pieces it comes", () => {
		const part = file.slice(0, 3000);
		expect(hex(inPieces(part, 1))).toBe(hex(inPieces(part, part.length)));
		const whole = hex(inPieces(file, file.length));
		for (const piece of [97, 250, 4096]) expect(hex(inPieces(file, piece)) === whole).toBe(true);
	});
});

describe("what is no such recording", () => {
	it("is refused or swallowed, never thrown", () => {
		const file = recording(firefoxVp8);
		let random = 7;
		const next = () => (random = (random * 1103515245 + 12345) % 2147483648);
		for (let round = 0; round < 400; round++) {
			const broken = file.slice(0, 3000 + (next() % 3000));
			for (let i = 0; i < 1 + (round % 20); i++) broken[next() % broken.length] = next() % 256;
			const clusters = new WebmClusters();
			for (let at = 0; at < broken.length; at += 500)
				if (clusters.push(broken.subarray(at, at + 500)) === null) break;
		}
	});

	it("ends at once where nothing can follow", () => {
		expect(new WebmClusters().push(new Uint8Array(40))).toBeNull();
		/* A block of 16 MiB. */
		expect(new WebmClusters().push(Uint8Array.of(0xa3, 0x11, 0, 0, 0, 0x81, 0, 0, 0))).toBeNull();
		/* A time that is none. */
		const far = Uint8Array.of(
			0xe7,
			0x88,
			255,
			255,
			255,
			255,
			255,
			255,
			255,
			255,
			0xa3,
			0x84,
			0x81,
			0,
			0,
			0x80,
		);
		expect(new WebmClusters().push(far)).toBeNull();
	});

	it("is a block whose time does not fit its cluster: it gets one of its own", () => {
		const at = (time: number) => [
			0xe7,
			0x83,
			time >> 16,
			(time >> 8) & 255,
			time & 255,
			0xa3,
			0x84,
			0x81,
			0,
			5,
			0,
		];
		const out = new WebmClusters().push(Uint8Array.from([...at(0), ...at(40_000)]));
		expect(blocks(out!).map(block => [block.cluster, block.time])).toEqual([
			[1, 5],
			[2, 40_005],
		]);
	});
});
