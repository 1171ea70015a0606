import { describe, expect, it } from "vitest";
import chromium from "./samples/chromium.sdp?raw";
import firefox from "./samples/firefox.sdp?raw";
import {
	answersTo,
	areTwins,
	asAnswer,
	atPlace,
	fingerprints,
	foretold,
	isForetold,
	markAnswer,
	type Place,
	sessionOf,
	signedText,
} from "./sdp.ts";

const place: Place = {
	ufrag: "legU",
	pwd: "legPasswordOfEnoughLength",
	candidates: [
		{ proto: "udp", addr: "203.0.113.5", port: 8081 },
		{ proto: "udp", addr: "2001:db8::5", port: 8081 },
		{ proto: "tcp", addr: "203.0.113.5", port: 8081 },
	],
};

const linesOf = (sdp: string) => sdp.split(/\r?\n/).filter(line => line !== "");
const sectionsOf = (sdp: string) => `\n${linesOf(sdp).join("\n")}`.split(/\n(?=m=)/).map(part => part.trim());

/* What may differ, and nothing else. */
const ours =
	/^a=(candidate:|end-of-candidates$|ice-(ufrag|pwd|options|lite)|extmap:\d+(\/\w+)? .*playout-delay)/;

/* The one line that is added to what they said. */
const opusOf = (sdp: string) => `a=rtcp-fb:${/a=rtpmap:(\d+) opus/.exec(sdp)?.[1]}`;
const asksAgain = (sdp: string) => sdp.replace(/(a=rtpmap:\d+ opus.*)/, `$1\n${opusOf(sdp)} nack`);

describe.each([
	["Chromium", chromium],
	["Firefox", firefox],
])("a description of %s at our leg's place", (_name, sdp) => {
	const edited = atPlace(sdp, place);
	const [session = "", ...media] = sectionsOf(edited);

	it("leaves all else as it was, in order", () => {
		const rest = (text: string) => linesOf(text).filter(line => !ours.test(line));
		expect(rest(edited)).toEqual(rest(asksAgain(sdp)));
	});

	it("lets voice be asked for again, once", () => {
		expect(linesOf(edited).filter(line => line === `${opusOf(sdp)} nack`)).toHaveLength(1);
		expect(linesOf(atPlace(edited, place))).toEqual(linesOf(edited));
		expect(linesOf(media[1] ?? "")).not.toContain(`${opusOf(sdp)} nack`);
	});

	it("says ice-lite once, for the session", () => {
		expect(linesOf(session).filter(line => line === "a=ice-lite")).toHaveLength(1);
		expect(linesOf(edited).filter(line => line === "a=ice-lite")).toHaveLength(1);
		expect(linesOf(session).at(-1)).toBe("a=ice-lite");
	});

	it("has our credentials in each section and no others", () => {
		expect(media).toHaveLength(3);
		for (const section of media) {
			const credentials = linesOf(section).filter(line => /^a=ice-(ufrag|pwd):/.test(line));
			expect(credentials).toEqual(["a=ice-ufrag:legU", "a=ice-pwd:legPasswordOfEnoughLength"]);
		}
		expect(edited).not.toContain("trickle");
	});

	it("has our candidates in the first section and theirs nowhere", () => {
		const candidates = (section: string) =>
			linesOf(section).filter(line => line.startsWith("a=candidate:") || line === "a=end-of-candidates");
		expect(candidates(media[0] ?? "")).toEqual([
			"a=candidate:1 1 udp 1686110463 203.0.113.5 8081 typ host",
			"a=candidate:2 1 udp 1686110207 2001:db8::5 8081 typ host",
			"a=candidate:3 1 tcp 1350565631 203.0.113.5 8081 typ host tcptype passive",
			"a=end-of-candidates",
		]);
		expect(media.slice(1).flatMap(candidates)).toEqual([]);
	});

	it("has no playout-delay", () => {
		expect(sdp).toContain("playout-delay");
		expect(edited).not.toContain("playout-delay");
	});

	it("is the same when done twice", () => {
		expect(atPlace(edited, place)).toBe(edited);
	});

	it("keeps its fingerprint", () => {
		expect(fingerprints(sdp)).toHaveLength(1);
		expect(fingerprints(edited)).toEqual(fingerprints(sdp));
	});

	it("names its connection, and an answer names the connection it answers", () => {
		expect(sessionOf(sdp)).toMatch(/^\d{10,}$/);
		const answer = markAnswer(sdp, "o=- 77 2 IN IP4 0.0.0.0");
		expect(answersTo(answer)).toBe("77");
		expect(answersTo(sdp)).toBe("");
		expect(atPlace(answer, place)).toBe(edited);
	});
});

describe("what is signed", () => {
	it("is the call, the kind and every fingerprint, sorted, in lower case, once", () => {
		const sdp =
			"v=0\r\na=fingerprint:sha-256 BB:01\r\nm=audio\r\na=fingerprint:sha-256 AA:02\r\na=fingerprint:SHA-256 bb:01\r\n";
		expect(signedText("c0", "offer", sdp)).toBe("aftertone media 1\nc0\noffer\nsha-256 aa:02\nsha-256 bb:01");
	});
});

describe("another path to the same leg", () => {
	const priorities = (turn: number) =>
		atPlace(chromium, { ...place, turn })
			.match(/^a=candidate:.*/gm)!
			.map(line => Number(line.split(" ")[3]));

	it("is another side to a browser, by a name that begins as the leg's does", () => {
		const sdp = atPlace(chromium, { ...place, turn: 12 });
		expect(sdp).toContain(`a=ice-ufrag:${place.ufrag}12\r\n`);
		expect(sdp).toContain(`a=ice-pwd:${place.pwd}\r\n`);
	});

	it("is better than the one before, and TCP never better than UDP", () => {
		const turns = [0, 1, 2, 5_000].map(priorities);
		for (const [i, now] of turns.entries()) {
			expect([...now].sort((a, b) => b - a)).toEqual(now);
			expect(Math.max(...now)).toBeLessThan(110 * 2 ** 24);
			const before = turns[i - 1];
			if (before !== undefined)
				for (const [n, priority] of now.entries()) expect(priority).toBeGreaterThan(before[n]!);
		}
		expect(priorities(99_999)[2]).toBeLessThan(priorities(0)[1]!);
	});
});

describe("what both browsers foretell", () => {
	const mine = foretold("offer", chromium);
	const theirs = foretold("answer", chromium.replaceAll(/a=(ssrc|fingerprint|msid).*\r\n/g, ""));

	it("is agreed when both offer the same", () => {
		expect(areTwins(mine, theirs)).toBe(true);
		expect(theirs).toContain("a=setup:active");
		expect(theirs).not.toContain("actpass");
		expect(asAnswer(mine)).toContain("a=setup:passive");
		expect(atPlace(mine, place)).toBe(atPlace(chromium, place));
	});

	it("is not agreed by another kind of browser, nor by one that says nothing of it", () => {
		expect(areTwins(mine, chromium)).toBe(false);
		expect(areTwins(mine, theirs.replace("opus/48000/2", "opus/48000/1"))).toBe(false);
		expect(areTwins(mine, theirs.replace(/a=extmap.*\r\n/, ""))).toBe(false);
		expect(isForetold(markAnswer(chromium, mine))).toBe(false);
	});
});
