import { beforeEach, describe, expect, it } from "vitest";
import { type CallLine, callList, isMissedLine } from "./callList.ts";
import { BEN, ME } from "./fakes.ts";
import { CARLA, GROUP, ROOM, RoomPlay } from "./roomPlay.ts";

const OTHER = "b1".repeat(16);

describe("the calls page", () => {
	let play: RoomPlay;
	let seq: number;

	beforeEach(async () => {
		play = await RoomPlay.begin();
		seq = 0;
	});

	const lines = () => callList(play.app);
	const said = (line: CallLine | undefined) => line && (line.what === "open" ? "open" : line.entry.type);

	async function entry(kind: string, body: object, over: object = {}): Promise<void> {
		seq++;
		const base = { conv: GROUP, seq, id: seq, from: BEN, device: 5, ts: 1000 + seq, call: ROOM };
		play.world.server.event("entry", { entry: { ...base, kind, body, ...over } });
		await play.world.clock.advance(0);
	}

	const body = (knew: number[], over: object = {}) => ({
		kind: "voice",
		by: BEN,
		outcome: "no_one_joined",
		rang: true,
		started: 1000,
		duration_ms: 0,
		people: [{ user: BEN, ms: 9000 }],
		knew,
		...over,
	});

	it("lists rooms that were missed, and those in which I was", async () => {
		await entry("room", body([BEN]));
		const joined = { outcome: "ended", duration_ms: 720_000, started: 2000 };
		await entry("room", body([BEN, ME], joined), { call: OTHER });
		expect(lines()).toMatchObject([
			{ what: "room", entry: { room: OTHER, missed: false, durationMs: 720_000 } },
			{ what: "room", entry: { room: ROOM, missed: true } },
		]);
		expect(lines().filter(isMissedLine)).toHaveLength(1);
	});

	it("begins with what is open, which nobody has missed", async () => {
		await entry("room", body([BEN]));
		await play.tell({ state: "waiting", kind: "voice" });
		expect(lines().map(said)).toEqual(["open"]);
		expect(lines().filter(isMissedLine)).toEqual([]);
		await play.tell({ state: "ended", kind: "voice" });
		expect(lines().map(said)).toEqual(["room"]);
	});

	it("shows a room into which somebody of no chat of mine has invited me", async () => {
		await play.tell({ conv: 99 });
		expect(lines()).toMatchObject([{ what: "open", chat: null, room: { group: { name: "Ben" } } }]);
	});

	const row = () => play.app.chats.all.value.find(chat => chat.conv === GROUP);
	const ended = (knew: number[]) => body(knew, { outcome: "ended", duration_ms: 60_000 });

	it("forgets that I missed it when I came after all", async () => {
		await entry("room", body([BEN]));
		expect(row()).toMatchObject({ unread: 1, missed: true, missedNew: true });
		await entry("amend", ended([BEN, ME]), { re: 1 });
		expect(row()).toMatchObject({ unread: 0, missed: false, missedNew: false });
		expect(lines()).toMatchObject([{ entry: { missed: false, durationMs: 60_000 } }]);
	});

	it("still tells whom nobody saw, though others came after all", async () => {
		await entry("room", body([BEN]));
		await entry("amend", ended([BEN, CARLA]), { re: 1 });
		expect(row()).toMatchObject({ unread: 1, missed: true, missedNew: true });
	});

	it("is no missed call for who called, though they never came in", async () => {
		await entry("room", body([], { by: ME, people: [] }), { from: ME });
		expect(row()).toMatchObject({ unread: 0, missed: false, last: { glyph: "room" } });
		expect(lines()).toMatchObject([{ entry: { mine: true, missed: false } }]);
	});

	it("counts the note that was left before I came", async () => {
		await entry("room", body([BEN]));
		const note = { kind: "voice", blob: ROOM, mime: "audio/mp4", bytes: 9, duration_ms: 4000, peaks: [] };
		await entry("note", note);
		expect(row()?.unread).toBe(1);
		await entry("amend", ended([BEN, ME]), { re: 1 });
		expect(row()?.unread).toBe(1);
	});
});
