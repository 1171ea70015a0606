import { describe, expect, it } from "vitest";
import type { RoomMedia } from "../wire/rooms.ts";
import { answerOf, CALL_SHAPE, CHAT_SHAPE, paramsOf } from "./roomSdp.ts";
import chromium from "./samples/room-chromium.sdp?raw";
import firefox from "./samples/room-firefox.sdp?raw";

const linesOf = (sdp: string) => sdp.split(/\r?\n/).filter(line => line !== "");
const sectionsOf = (sdp: string) => {
	const all = linesOf(sdp);
	const starts = all.flatMap((line, i) => (line.startsWith("m=") ? [i] : []));
	return starts.map((start, i) => all.slice(start, starts[i + 1]));
};
const has = (lines: readonly string[], start: string) => lines.filter(line => line.startsWith(start));

const media: RoomMedia = {
	ufrag: "sfuU",
	pwd: "sfuPasswordOfEnoughLength",
	fingerprint: "AA:BB:CC",
	candidates: [
		{ proto: "udp", addr: "203.0.113.5", port: 8081 },
		{ proto: "tcp", addr: "203.0.113.5", port: 8081 },
	],
	slots: Array.from({ length: 18 }, (_, i) => ({
		mid: String(i + 3),
		ssrc: 1000 + i,
		rtx: i < 8 ? 0 : 2000 + i,
	})),
	peer: 5,
};

describe.each([
	["Chromium", chromium, { opus: 111, red: 63, vp8: 96, rtx: 97, ids: [4, 1, 10, 11, 3, 2] }],
	["Firefox", firefox, { opus: 109, red: null, vp8: 120, rtx: 124, ids: [3, 1, 9, 10, 7, 4] }],
] as const)("an offer of %s to a room", (name, offer, known) => {
	const params = paramsOf(offer, CALL_SHAPE);
	const answer = answerOf(offer, CALL_SHAPE, media);
	const parts = sectionsOf(answer);
	const part = (index: number) => parts[index] ?? [];

	it("is read: types, extensions, names", () => {
		const [mid, level, rid, rrid, twcc, abs_send] = known.ids;
		expect(params.fingerprint).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
		expect(params.audio).toEqual({ pt: known.opus, red: known.red, ext: { mid, level } });
		expect(params.video).toEqual({ pt: known.vp8, rtx: known.rtx, ext: { mid, rid, rrid, twcc, abs_send } });
		expect(params.send.camera).toEqual({ mid: "1", rids: ["l", "m", "h"], ssrc: null, rtx_ssrc: null });
		expect(params.send.mic).toMatchObject({ mid: "0", ssrc: expect.any(Number) });
		expect(params.send.screen).toMatchObject({ ssrc: expect.any(Number), rtx_ssrc: expect.any(Number) });
		expect(params.send.screen?.ssrc).not.toBe(params.send.screen?.rtx_ssrc);
		expect(params.recv.filter(one => one.kind === "audio")).toHaveLength(8);
		expect(params.recv.filter(one => one.kind === "video")).toHaveLength(9);
		expect(params.recv.at(-1)).toEqual({ mid: "20", kind: "screen" });
	});

	it("is answered line by line, bundled, by a server that waits", () => {
		expect(parts).toHaveLength(sectionsOf(offer).length);
		expect(linesOf(answer)).toContain("a=ice-lite");
		expect(linesOf(answer)).toContain(`a=group:BUNDLE ${parts.map((_, i) => i).join(" ")}`);
		for (const [i, lines] of parts.entries()) {
			expect(lines).toContain(`a=mid:${i}`);
			for (const line of ["a=rtcp-mux", "a=rtcp-rsize", "a=setup:passive", "a=ice-ufrag:sfuU"])
				expect(lines, line).toContain(line);
			expect(lines).toContain(i < 3 ? "a=recvonly" : "a=sendonly");
			expect(lines[0]).not.toMatch(/^m=\w+ 0 /);
			expect(has(lines, "a=candidate:")).toHaveLength(i === 0 ? 2 : 0);
		}
	});

	it("is answered with nothing that was not offered for that line", () => {
		for (const [i, lines] of parts.entries()) {
			const offered = sectionsOf(offer)[i] ?? [];
			const bare = (line: string) => line.replace(/\/(sendonly|recvonly)/, "");
			const ext = offered.map(bare);
			for (const line of has(lines, "a=extmap:")) expect(ext).toContain(line);
			const notOffered = has(lines, "a=rtcp-fb:").filter(line => !offered.includes(line));
			expect(notOffered.filter(line => line !== `a=rtcp-fb:${known.opus} nack`)).toEqual([]);
			for (const pt of (lines[0] ?? "").split(" ").slice(3))
				expect((offered[0] ?? "").split(" ").slice(3)).toContain(pt);
			if (lines[0]?.startsWith("m=audio"))
				expect(lines.join()).not.toMatch(/transport-wide|transport-cc|goog-remb/);
			else expect(lines).toContain(`a=rtcp-fb:${known.vp8} transport-cc`);
		}
		expect(answer).not.toMatch(/orientation|allow-mixed|H264|VP9|AV1/i);
	});

	it("takes three sizes of the camera, one of the screen", () => {
		expect(has(part(1), "a=simulcast:")).toEqual(["a=simulcast:recv l;m;h"]);
		expect(has(part(1), "a=rid:")).toEqual(["a=rid:l recv", "a=rid:m recv", "a=rid:h recv"]);
		expect(parts.filter(lines => has(lines, "a=simulcast:").length > 0)).toHaveLength(1);
	});

	it("names what comes in each line", () => {
		expect(has(part(3), "a=ssrc:")).toEqual(["a=ssrc:1000 cname:aftertone", "a=ssrc:1000 msid:slot3 slot3"]);
		expect(has(part(11), "a=ssrc-group:")).toEqual(["a=ssrc-group:FID 1008 2008"]);
		expect(has(part(0), "a=ssrc")).toEqual([]);
	});

	it(`asks for voices twice where ${name} can`, () => {
		const types = (part(0)[0] ?? "").split(" ").slice(3).map(Number);
		expect(types).toEqual(known.red === null ? [known.opus] : [known.red, known.opus]);
		expect(part(0)).toContain(`a=fmtp:${known.opus} minptime=10;useinbandfec=1;usedtx=1`);
		for (const i of [0, 3]) expect(part(i)).toContain(`a=rtcp-fb:${known.opus} nack`);
	});
});

describe("an offer", () => {
	it("of a voice chat has voices only", () => {
		const kept = sectionsOf(chromium).filter((_, i) => i === 0 || (i >= 3 && i < 11));
		const session = linesOf(chromium).slice(
			0,
			linesOf(chromium).findIndex(line => line.startsWith("m=")),
		);
		const offer = [...session, ...kept.flat()].join("\r\n");
		const params = paramsOf(offer, CHAT_SHAPE);
		expect(params).toMatchObject({ video: null, send: { camera: null, screen: null } });
		expect(params.recv.map(one => one.kind)).toEqual(Array.from({ length: 8 }, () => "audio"));
		expect(sectionsOf(answerOf(offer, CHAT_SHAPE, media))).toHaveLength(9);
	});

	it("of another shape, or without our codecs, is refused", () => {
		expect(() => paramsOf(chromium, CHAT_SHAPE)).toThrow("shape");
		expect(() => paramsOf(chromium.replaceAll("opus/48000", "speex/16000"), CALL_SHAPE)).toThrow("codec");
		expect(() => paramsOf(chromium.replaceAll("VP8/90000", "VP7/90000"), CALL_SHAPE)).toThrow("codec");
		expect(() =>
			paramsOf(chromium.replaceAll("fingerprint:sha-256", "fingerprint:sha-1"), CALL_SHAPE),
		).toThrow("fingerprint");
	});

	it("that a server answers with too few slots is refused", () => {
		expect(() => answerOf(chromium, CALL_SHAPE, { ...media, slots: media.slots.slice(1) })).toThrow("slot");
	});
});
