import { beforeEach, describe, expect, it } from "vitest";
import { BEN, CONV, ME } from "./fakes.ts";
import { CARLA, ROOM, RoomPlay } from "./roomPlay.ts";

describe("in a room", () => {
	let play: RoomPlay;

	beforeEach(async () => {
		play = await RoomPlay.begin();
	});

	describe("reactions", () => {
		beforeEach(() => play.joinRoom({ muted: true }));

		it("are sent while muted, at most five in three seconds", async () => {
			for (let i = 0; i < 5; i++) expect(await play.app.rooms.react("👍")).toEqual({ ok: true });
			expect(await play.app.rooms.react("👍")).toEqual({ ok: false, code: "rate_limited" });
			expect(play.world.server.count("room.react")).toBe(5);
			expect(play.view.mine.muted).toBe(true);
			await play.world.clock.advance(3_000);
			expect(await play.app.rooms.react("👍")).toEqual({ ok: true });
		});

		it("are there for three seconds, the same of one person in one", async () => {
			for (const user of [BEN, BEN, CARLA]) await play.event("room.react", { user, emoji: "👏" });
			expect(play.app.rooms.reactions.value).toMatchObject([
				{ user: BEN, emoji: "👏", count: 2 },
				{ user: CARLA, count: 1 },
			]);
			await play.world.clock.advance(2_700);
			expect(play.app.rooms.reactions.value).toHaveLength(2);
			await play.world.clock.advance(600);
			expect(play.app.rooms.reactions.value).toEqual([]);
		});

		it("of a crowd are grouped", async () => {
			for (let user = 100; user < 160; user++)
				await play.event("room.react", { user, emoji: user % 2 ? "🎉" : "👏" });
			expect(play.app.rooms.reactions.value.length).toBeLessThanOrEqual(12);
			expect(play.app.rooms.reactions.value.reduce((sum, one) => sum + one.count, 0)).toBe(60);
		});

		it("are spoken as a summary, at most every three seconds, my own not", async () => {
			await play.event("room.react", { user: BEN, emoji: "👏" });
			await play.world.clock.advance(10);
			expect(play.app.spoken.value).toBe("Ben: 👏");
			await play.event("room.react", { user: BEN, emoji: "👏" });
			await play.event("room.react", { user: CARLA, emoji: "👏" });
			await play.event("room.react", { user: ME, emoji: "❤️" });
			await play.world.clock.advance(2_900);
			expect(play.app.spoken.value).toBe("Ben: 👏");
			await play.world.clock.advance(200);
			expect(play.app.spoken.value).toBe("Ben and Carla: 👏");
		});
	});

	describe("hands", () => {
		beforeEach(() => play.joinRoom());

		it("stand in their order", async () => {
			await play.tell({ hands: [ME, BEN] });
			expect(play.view.me?.hand).toBe(1);
			expect(play.view.room.people.find(one => one.person.id === BEN)?.hand).toBe(2);
			await play.app.rooms.setHand(false);
			expect(play.world.server.last("room.hand")).toEqual({ room: ROOM, up: false });
		});

		it("are to be lowered after five seconds of speaking, asked once", async () => {
			await play.world.clock.advance(10_000);
			expect(play.view.handHint).toBe(false);
			await play.tell({ hands: [ME] });
			await play.world.clock.advance(4_000);
			expect(play.view.handHint).toBe(false);
			await play.world.clock.advance(1_500);
			expect(play.view.handHint).toBe(true);
			play.app.rooms.keepHand();
			await play.world.clock.advance(10_000);
			expect(play.view.handHint).toBe(false);
		});

		it("are not asked after while muted", async () => {
			play.app.rooms.setMuted(true);
			await play.tell({ hands: [ME] });
			await play.world.clock.advance(10_000);
			expect(play.view.handHint).toBe(false);
		});
	});

	describe("a note that is recorded meanwhile", () => {
		beforeEach(() => play.joinRoom());
		const enabled = () => play.peer.sent.get("audio")?.enabled;
		const record = async () => {
			void play.app.recorder.start(CONV, "voice");
			expect(enabled()).toBe(false);
			await play.world.clock.advance(2_000);
			expect(play.app.recorder.view.value.state).toBe("recording");
		};
		const muted = () => play.world.server.last("room.state")?.muted;

		it("is not heard by the others, from the tap on, and I am heard again after", async () => {
			expect(enabled()).toBe(true);
			await record();
			expect(play.view).toMatchObject({ recording: true, mine: { muted: true } });
			expect(muted()).toBe(true);
			play.app.rooms.setMuted(false);
			play.app.rooms.talkThrough(true);
			play.app.recorder.pause();
			await play.world.clock.advance(1_000);
			expect(enabled()).toBe(false);
			await play.app.recorder.discard();
			await play.world.clock.advance(100);
			expect(play.view).toMatchObject({ recording: false, mine: { muted: false } });
			expect(enabled()).toBe(true);
			expect(muted()).toBe(false);
		});

		it("leaves me muted when I was", async () => {
			play.app.rooms.setMuted(true);
			await record();
			await play.app.recorder.discard();
			await play.world.clock.advance(100);
			expect(enabled()).toBe(false);
			expect(muted()).toBe(true);
		});
	});

	describe("moderation", () => {
		it("mutes me, and only I unmute", async () => {
			await play.joinRoom();
			await play.event("room.hint", { why: "muted", by: BEN });
			expect(play.view).toMatchObject({ mine: { muted: true }, mutedBy: { name: "Ben" } });
			expect(play.world.server.last("room.state")).toMatchObject({ muted: true });
			await play.world.clock.advance(6_000);
			expect(play.view.mutedBy).toBeNull();
			play.app.rooms.setMuted(false);
			expect(play.world.server.last("room.state")).toMatchObject({ muted: true });
			await play.world.clock.advance(0);
			expect(play.world.server.last("room.state")).toMatchObject({ muted: false });
		});

		it("says what it wants of others", async () => {
			await play.joinRoom();
			await play.app.rooms.mute(BEN);
			await play.app.rooms.kick(BEN);
			await play.app.rooms.lock(true);
			await play.app.rooms.lowerHand(BEN);
			expect(play.world.server.last("room.mute")).toEqual({ room: ROOM, user: BEN });
			expect(play.world.server.last("room.kick")).toEqual({ room: ROOM, user: BEN });
			expect(play.world.server.last("room.lock")).toEqual({ room: ROOM, on: true });
			expect(play.world.server.last("room.hand")).toEqual({ room: ROOM, user: BEN, up: false });
		});
	});
});
