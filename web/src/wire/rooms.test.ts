import { describe, expect, it } from "vitest";
import { BAD } from "./decode.ts";
import { room, roomMedia } from "./rooms.ts";
import { decodeEvent, entry } from "./types.ts";

const id = "ab".repeat(16);
const snapshot = {
	room: id,
	conv: 7,
	kind: "video",
	by: 1,
	state: "live",
	started: 5,
	ended: null,
	until: null,
	locked: false,
	may_moderate: true,
	outcome: null,
	from_call: null,
	people: [{ user: 1, state: "joined", device: 11, muted: true, camera: false, screen: false, joined: 6 }],
	hands: [1],
	rev: 3,
};

describe("rooms", () => {
	it("are taken as the server gives them", () => {
		expect(room(snapshot)).toMatchObject({ kind: "video", people: [{ user: 1, device: 11, guest: false }] });
		expect(room({ ...snapshot, state: "purring" })).toBe(BAD);
		expect(room({ ...snapshot, people: [{ user: "1" }] })).toBe(BAD);
		expect(decodeEvent({ ev: "room", room: snapshot })).toMatchObject({ ev: "room" });
	});

	it("take a person's state that is not known as being away from it", () => {
		const people = [{ user: 2, state: "removed", device: null }];
		expect(room({ ...snapshot, people })).toMatchObject({ people: [{ state: "left", device: 0 }] });
	});

	it("say where to send, and who comes where", () => {
		const media = {
			ufrag: "u",
			pwd: "p",
			fingerprint: "AA:BB",
			candidates: [{ proto: "udp", addr: "203.0.113.5", port: 9 }],
			slots: [{ mid: "3", ssrc: 77, rtx: 0 }],
			peer: 2,
		};
		expect(roomMedia(media)).toMatchObject({ slots: [{ mid: "3", ssrc: 77 }] });
		expect(roomMedia({ ...media, slots: [{ mid: "3" }] })).toBe(BAD);
		const slots = [{ mid: "3", user: 2, source: "mic" }];
		expect(decodeEvent({ ev: "room.slots", room: id, epoch: 4, slots })).toMatchObject({ epoch: 4, slots });
		expect(
			decodeEvent({ ev: "room.slots", room: id, slots: [{ mid: "3", user: 2, source: "smell" }] }),
		).toBeNull();
		expect(decodeEvent({ ev: "room.speakers", room: id, stage: null, order: [2], ring: [] })).toMatchObject({
			stage: null,
			before: null,
		});
		expect(decodeEvent({ ev: "room.react", room: id, user: 2, emoji: "x".repeat(33) })).toBeNull();
		expect(decodeEvent({ ev: "room.layers", room: id, rids: ["l"], screen: false })).toMatchObject({
			rids: ["l"],
		});
		expect(decodeEvent({ ev: "room.hint", room: id, why: "moved" })).toMatchObject({
			why: "moved",
			by: null,
		});
	});
});

describe("entries of rooms", () => {
	const head = { conv: 7, seq: 2, id: 3, from: 4, device: 5, ts: 6, call: id };
	const body = {
		kind: "chat",
		by: 1,
		outcome: "ended",
		knew: [1],
		started: 5,
		duration_ms: 60_000,
		people: [{ user: 1, ms: 5 }],
	};

	it("are written, and amended", () => {
		expect(entry({ ...head, kind: "room", body })).toMatchObject({
			kind: "room",
			body: { outcome: "ended" },
		});
		expect(entry({ ...head, kind: "amend", re: 1, body })).toMatchObject({ kind: "roomAmend", re: 1 });
		const call = { kind: "voice", outcome: "answered", by: 4, rang: true, started: 9 };
		expect(entry({ ...head, kind: "amend", re: 1, body: call })).toMatchObject({ kind: "amend" });
		expect(entry({ ...head, kind: "room", body: { kind: "chat", outcome: "lost" } })).toMatchObject({
			kind: "void",
		});
	});
});
