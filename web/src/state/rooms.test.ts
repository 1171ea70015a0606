import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { BEN, ME, newWorld } from "./fakes.ts";
import { CARLA, GROUP, ROOM, RoomPlay } from "./roomPlay.ts";

describe("rooms", () => {
	let play: RoomPlay;

	beforeEach(async () => {
		play = await RoomPlay.begin();
	});

	describe("of a chat", () => {
		it("are seen before one joins, with who is in and who speaks", async () => {
			await play.tell();
			await play.event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [BEN] });
			const room = play.app.rooms.byConv.value.get(GROUP);
			expect(room).toMatchObject({
				room: ROOM,
				kind: "video",
				count: 1,
				here: "no",
				group: { name: "Garden" },
			});
			expect(room?.people.find(one => one.person.id === BEN)).toMatchObject({ here: true, speaking: true });
			expect(play.app.rooms.view.value).toBeNull();
			expect(play.world.rooms.peers).toHaveLength(0);
		});

		it("go when they end; an older snapshot does not bring them back into an older state", async () => {
			await play.tell({ rev: 10, locked: true });
			await play.tell({ rev: 9, locked: false });
			expect(play.app.rooms.byConv.value.get(GROUP)?.locked).toBe(true);
			/* A server that started anew counts anew. */
			play.world.server.hello.rooms = [play.snapshot({ rev: 1 })];
			play.world.server.cut();
			await play.world.clock.advance(5_000);
			expect(play.app.rooms.byConv.value.get(GROUP)?.locked).toBe(false);
			await play.tell({ rev: 11, state: "ended" });
			expect(play.app.rooms.byConv.value.size).toBe(0);
		});

		it("that another device of mine is in say so", async () => {
			play.set(ME, { device: 12 });
			await play.tell();
			expect(play.app.rooms.byConv.value.get(GROUP)?.here).toBe("elsewhere");
			expect(play.world.rooms.peers).toHaveLength(0);
		});

		it("that another device of mine is in are taken over as I was in them there", async () => {
			play.set(ME, { device: 12, muted: true, camera: true });
			await play.tell();
			void play.app.rooms.join(ROOM);
			await play.world.clock.advance(10);
			expect(play.world.server.last("room.join")).toMatchObject({ muted: true, camera: true });
		});
	});

	describe("that ring", () => {
		const ring = () => {
			play.set(ME, { state: "ringing" });
			return play.tell({ state: "ringing", kind: "voice" });
		};

		it("are acknowledged, sounded, announced by the group's name", async () => {
			await ring();
			expect(play.world.server.last("room.ring")).toEqual({ room: ROOM });
			expect(play.world.sounds).toEqual(["ring on"]);
			expect(play.app.spoken.value).toBe("Incoming voice call from Garden");
			expect(play.app.rooms.incoming.value[0]).toMatchObject({
				kind: "voice",
				by: { name: "Ben" },
				ofGroup: true,
				waiting: false,
			});
			await play.tell({ state: "ringing", kind: "voice" });
			expect(play.world.server.count("room.ring")).toBe(1);
		});

		it("stop at once when declined, and do not begin again", async () => {
			await ring();
			await play.app.rooms.decline(ROOM);
			expect(play.world.sounds).toEqual(["ring on", "ring off"]);
			expect(play.world.server.last("room.decline")).toEqual({ room: ROOM });
			await play.tell({ state: "ringing", kind: "voice" });
			expect(play.app.rooms.incoming.value).toEqual([]);
			/* Called once more, later. */
			play.set(ME, { state: "declined" });
			await play.tell({ kind: "voice" });
			await ring();
			expect(play.app.rooms.incoming.value).toHaveLength(1);
		});

		it("stop when answered on another device, when they end, and never ring as voice chats", async () => {
			await ring();
			play.set(ME, { state: "joined", device: 12 });
			await play.tell();
			expect(play.app.rooms.incoming.value).toEqual([]);
			play.set(ME, { state: "ringing" });
			await play.tell({ kind: "chat" });
			expect(play.app.rooms.incoming.value).toEqual([]);
			expect(play.world.sounds).toEqual(["ring on", "ring off"]);
		});

		it("are answered by joining", async () => {
			await ring();
			const joined = play.app.rooms.join(ROOM);
			await play.world.clock.advance(0);
			expect(await joined).toEqual({ ok: true });
			expect(play.app.rooms.incoming.value).toEqual([]);
			expect(play.world.sounds.at(-1)).toBe("ring off");
			expect(play.view).toMatchObject({ link: "connecting", mine: { muted: false } });
		});

		it("of strangers are named once it is known who they are", async () => {
			play.world.server.on("people.find", () => ({ users: [{ id: 50, username: "zoe", name: "Zoë" }] }));
			play.people = [
				{ user: 50, state: "joined" },
				{ user: ME, state: "ringing", guest: true },
			];
			await play.tell({ conv: 77, by: 50, kind: "voice" });
			await play.world.clock.advance(0);
			expect(play.app.spoken.value).toBe("Incoming voice call from Zoë");
			expect(play.app.rooms.incoming.value[0]?.group.name).toBe("Zoë");
			await play.tell({ conv: 77, by: 50, kind: "voice" });
			expect(play.world.server.count("people.find")).toBe(1);
		});

		it("ring again for the server after a reconnect", async () => {
			await ring();
			play.world.server.hello.rooms = [play.snapshot({ state: "ringing" })];
			play.world.server.cut();
			await play.world.clock.advance(5_000);
			expect(play.world.server.count("room.ring")).toBe(2);
		});
	});

	describe("joined", () => {
		it("say who joins, with what, and send voice and camera", async () => {
			await play.joinRoom({ camera: true });
			expect(play.world.server.last("room.join")).toMatchObject({ room: ROOM, muted: false, again: false });
			expect(play.world.server.last("room.join")?.params).toEqual({ fingerprint: "peer 1" });
			expect(play.peer.pictures).toBe(true);
			expect(play.peer.sent.get("audio")).toBeTruthy();
			expect(play.peer.sent.get("camera")).toBeTruthy();
			expect(play.world.server.last("room.state")).toEqual({
				room: ROOM,
				muted: false,
				camera: true,
				screen: false,
			});
			expect(play.view).toMatchObject({ link: "connected", room: { here: "here" } });
			expect(play.world.rooms.sinks[0]?.playing).toEqual(new Set(["peer 1 voices"]));
			expect(play.world.talk.awake).toBe(1);
		});

		it("of a voice chat carry no pictures, and remember whether muted", async () => {
			await play.tell({ kind: "chat" });
			void play.app.rooms.join(ROOM, { muted: true });
			await play.world.clock.advance(0);
			expect(play.peer.pictures).toBe(false);
			expect(play.app.rooms.large.value).toBe(false);
			expect(play.world.server.last("room.join")).toMatchObject({ muted: true });
			await play.app.rooms.leave();
			await play.tell({ kind: "chat" });
			void play.app.rooms.join(ROOM);
			await play.world.clock.advance(0);
			expect(play.world.server.last("room.join")).toMatchObject({ muted: true });
		});

		it("are left with everything closed, and do not come back by themselves", async () => {
			await play.joinRoom({ camera: true });
			await play.app.rooms.leave();
			expect(play.world.server.last("room.leave")).toEqual({ room: ROOM });
			expect(play.app.rooms.view.value).toBeNull();
			expect(play.world.talk.open).toEqual([]);
			expect(play.world.talk.awake).toBe(0);
			expect(play.peer.closed).toBe(true);
			expect(play.world.rooms.sinks[0]?.closed).toBe(true);
			await play.tell();
			play.world.server.hello.rooms = [play.snapshot()];
			play.world.server.cut();
			await play.world.clock.advance(5_000);
			expect(play.app.rooms.view.value).toBeNull();
			expect(play.joins).toBe(1);
		});

		it("are joined again by a page that was loaded anew", async () => {
			await play.joinRoom();
			play.world.server.hello.rooms = [play.snapshot()];
			play.app.end();
			const later = newWorld(play.world);
			const next = new App(later.env);
			await next.start();
			await later.clock.advance(1_000);
			expect(later.server.last("room.join")).toMatchObject({ again: true });
			expect(next.rooms.view.value).not.toBeNull();
			next.end();
		});

		it("that are full, locked or over say so", async () => {
			await play.tell();
			for (const [err, why] of [
				["full", "full"],
				["conflict", "locked"],
			] as const) {
				play.refuse = { err };
				void play.app.rooms.join(ROOM);
				await play.world.clock.advance(0);
				expect(play.app.toasts.value.at(-1)?.what).toEqual({ type: "room", why });
				expect(play.app.rooms.view.value).toBeNull();
				expect(play.world.talk.open).toEqual([]);
			}
			play.refuse = { err: "gone" };
			void play.app.rooms.join(ROOM);
			await play.world.clock.advance(0);
			expect(play.app.toasts.value.at(-1)?.what).toEqual({ type: "room", why: "removed" });
			play.refuse = { err: "bad_request" };
			void play.app.rooms.join(ROOM);
			await play.world.clock.advance(0);
			expect(play.app.toasts.value.at(-1)?.what).toMatchObject({ type: "error", code: "bad_request" });
		});

		it("wait for a media role that restarts", async () => {
			play.refuse = { err: "unavailable", retry_ms: 300 };
			await play.tell();
			void play.app.rooms.join(ROOM);
			await play.world.clock.advance(500);
			expect(play.view).toMatchObject({ link: "connecting" });
			play.refuse = null;
			await play.world.clock.advance(2_000);
			expect(play.joins).toBe(1);
		});

		it("end here when moved to another device of mine, or removed, or over", async () => {
			await play.joinRoom();
			await play.event("room.hint", { why: "moved" });
			expect(play.app.rooms.view.value).toBeNull();
			expect(play.app.toasts.value.at(-1)?.what).toEqual({ type: "room", why: "moved" });
			play.set(ME, { state: "left" });
			await play.joinRoom();
			await play.event("room.hint", { why: "removed", by: BEN });
			expect(play.app.toasts.value.at(-1)?.what).toEqual({ type: "room", why: "removed" });
			play.set(ME, { state: "left" });
			await play.joinRoom();
			await play.tell({ state: "ended" });
			expect(play.app.rooms.view.value).toBeNull();
			expect(play.world.talk.open).toEqual([]);
			expect(play.world.server.count("room.leave")).toBe(0);
		});

		it("tell who comes, goes and raises a hand, but make no sound over somebody's speech", async () => {
			await play.joinRoom();
			play.set(CARLA, {});
			await play.tell();
			expect(play.app.spoken.value).toBe("Carla joined");
			await play.tell({ hands: [CARLA] });
			play.set(CARLA, { state: "left" });
			await play.tell();
			expect(play.app.spoken.value).toBe("Carla left");
			expect(play.world.sounds).toEqual(["joined", "hand", "left"]);
			await play.event("room.speakers", { stage: BEN, order: [BEN], ring: [BEN] });
			play.set(CARLA, {});
			await play.tell();
			expect(play.world.sounds).toHaveLength(3);
		});
	});

	it("leave nothing behind", async () => {
		await play.joinRoom({ camera: true });
		play.app.end();
		expect(play.world.talk.open).toEqual([]);
		expect(play.peer.closed).toBe(true);
	});
});
