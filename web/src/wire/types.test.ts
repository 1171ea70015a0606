import { describe, expect, it } from "vitest";
import { BAD } from "./decode.ts";
import { call, conv, decodeEvent, entry, hello } from "./types.ts";

const id = "ab".repeat(16);
const head = { conv: 1, seq: 2, id: 3, from: 4, device: 5, ts: 6 };

describe("entries", () => {
	it("are taken by kind", () => {
		expect(entry({ ...head, kind: "text", body: { text: "hi" } })).toMatchObject({
			kind: "text",
			body: { text: "hi" },
			cid: null,
		});
		const body = { kind: "voice", outcome: "no_answer", by: 4, rang: true, started: 9 };
		expect(entry({ ...head, kind: "call", call: id, body })).toMatchObject({
			kind: "call",
			call: id,
			body: { rang: true },
		});
		const note = {
			kind: "voice",
			blob: id,
			mime: "audio/mp4",
			bytes: 10,
			duration_ms: 1000,
			peaks: [0, 255],
		};
		expect(entry({ ...head, kind: "note", body: note })).toMatchObject({
			kind: "note",
			body: { width: null },
		});
	});

	it("tell what was done to a group", () => {
		const added = { did: "added", users: [7, 8] };
		expect(entry({ ...head, kind: "group", body: added })).toMatchObject({
			kind: "group",
			body: { ...added, name: null },
		});
		expect(entry({ ...head, kind: "group", body: { did: "left" } })).toMatchObject({ body: { users: [] } });
		expect(entry({ ...head, kind: "group", body: { did: "dissolved" } })).toMatchObject({ kind: "void" });
		expect(entry({ ...head, kind: "group", body: { did: "added", users: ["7"] } })).toMatchObject({
			kind: "void",
		});
	});

	it("without a body were deleted", () => {
		expect(entry({ ...head, kind: "text", body: {} })).toMatchObject({ kind: "erased", was: "text" });
		expect(entry({ ...head, kind: "note", body: {}, call: id })).toMatchObject({
			kind: "erased",
			was: "note",
			call: id,
		});
	});

	it("that are not understood keep their place and show nothing", () => {
		expect(entry({ ...head, kind: "poll", body: { x: 1 } })).toMatchObject({ kind: "void", seq: 2 });
		expect(entry({ ...head, kind: "call", body: { kind: "smell" } })).toMatchObject({ kind: "void" });
		expect(
			entry({
				...head,
				kind: "note",
				body: { kind: "voice", blob: "../../etc/passwd", mime: "a", duration_ms: 1 },
			}),
		).toMatchObject({
			kind: "void",
		});
	});

	it("without an envelope are refused", () => {
		for (const bad of [
			null,
			1,
			"x",
			[],
			{},
			{ ...head, seq: 0 },
			{ ...head, seq: 1.5 },
			{ ...head, conv: "1" },
			{ ...head, call: "AB" },
		]) {
			expect(entry(bad)).toBe(BAD);
		}
	});
});

describe("events", () => {
	it("of other kinds are ignored", () => {
		expect(decodeEvent({ ev: "weather" })).toBeNull();
		expect(decodeEvent({ ev: "__proto__" })).toBeNull();
		expect(decodeEvent({ ev: "toString" })).toBeNull();
		expect(decodeEvent({ ev: "typing", conv: "7", user: 1 })).toBeNull();
		expect(decodeEvent({ ev: "typing", conv: 7, user: 1 })).toEqual({ ev: "typing", conv: 7, user: 1 });
	});

	it("take a call as the server gives it", () => {
		const snapshot = {
			call: id,
			conv: 1,
			kind: "voice",
			from: 1,
			to: 2,
			state: "ringing",
			devices: 1,
			started: 5,
			rang: 6,
			answered: null,
			ended: null,
			outcome: null,
			answered_by: null,
			answered_device: null,
			until: 9,
			mine: true,
			rev: 2,
		};
		expect(call(snapshot)).toMatchObject({ state: "ringing", rang: 6, quiet_until: null });
		expect(call({ ...snapshot, state: "purring" })).toBe(BAD);
	});

	it("hello has limits even from a server that names none", () => {
		const value = hello({
			now: 1,
			me: { id: 1, username: "a", name: "A" },
			device: 1,
			limits: {},
			users: [],
			convs: [],
		});
		expect(value).toMatchObject({ limits: { ring_ms: 45_000 }, recs: [], me: { receipts: true } });
	});
});

describe("chats", () => {
	const group = { name: "Garden", picture: null, members: [{ user: 1, admin: true }, { user: 2 }] };

	it("are with a person, or of a group", () => {
		expect(conv({ conv: 1, kind: "direct", with: 2 })).toMatchObject({ kind: "direct", with: 2 });
		expect(conv({ conv: 1, with: 2 })).toMatchObject({ kind: "direct" });
		expect(conv({ conv: 1, kind: "group", group, left: true, first_seq: 9 })).toMatchObject({
			kind: "group",
			group: { name: "Garden", members: [{ admin: true }, { user: 2, admin: false }] },
			left: true,
			first_seq: 9,
		});
	});

	it("of other kinds are refused", () => {
		expect(conv({ conv: 1, kind: "channel", with: 2 })).toBe(BAD);
		expect(conv({ conv: 1, kind: "group", with: 2 })).toBe(BAD);
		expect(conv({ conv: 1, kind: "direct", group })).toBe(BAD);
	});

	it("of groups have receipts of nobody in particular", () => {
		expect(decodeEvent({ ev: "receipt", conv: 1, user: null, read: 3, delivered: 4 })).toMatchObject({
			user: null,
			read: 3,
		});
	});
});
