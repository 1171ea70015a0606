import { beforeEach, describe, expect, it } from "vitest";
import { BEN, ME } from "./fakes.ts";
import { CARLA, DEV, MINE, ROOM, RoomPlay } from "./roomPlay.ts";

describe("the media of a room", () => {
	let play: RoomPlay;

	beforeEach(async () => {
		play = await RoomPlay.begin();
	});

	describe("connections", () => {
		it("are made anew when the server asks, the old one staying until the new one flows", async () => {
			await play.joinRoom();
			await play.event("room.hint", { why: "restarted" });
			expect(play.world.rooms.peers).toHaveLength(2);
			expect(play.world.server.last("room.join")).toMatchObject({ again: true });
			expect(play.world.rooms.peers[0]?.closed).toBe(false);
			expect(play.view.link).toBe("reconnecting");
			play.peer.become("connected");
			expect(play.world.rooms.peers[0]?.closed).toBe(true);
			expect(play.view.link).toBe("connected");
			expect(play.peer.sent.get("audio")).toBeTruthy();
		});

		it("are made anew when they fail, or are silent for two seconds", async () => {
			await play.joinRoom();
			play.peer.become("disconnected");
			await play.world.clock.advance(1_900);
			expect(play.world.rooms.peers).toHaveLength(1);
			await play.world.clock.advance(200);
			expect(play.world.rooms.peers).toHaveLength(2);
			play.peer.become("connected");
			play.peer.become("failed");
			await play.world.clock.advance(0);
			expect(play.world.rooms.peers).toHaveLength(3);
			expect(play.joins).toBe(3);
		});

		it("that do not come are tried again, one at a time", async () => {
			await play.tell();
			void play.app.rooms.join(ROOM);
			await play.world.clock.advance(10_000);
			expect(play.world.rooms.peers.length).toBeGreaterThan(1);
			expect(play.world.rooms.peers.filter(one => !one.closed)).toHaveLength(1);
		});

		it("stay when only the line to the server breaks, and are made anew when it has lost us", async () => {
			await play.joinRoom();
			play.world.server.hello.rooms = [play.snapshot()];
			play.world.server.cut();
			await play.world.clock.advance(5_000);
			expect(play.joins).toBe(1);
			expect(play.world.server.last("room.state")).toBeTruthy();
			play.set(ME, { state: "away", device: MINE });
			play.world.server.hello.rooms = [play.snapshot()];
			play.world.server.cut();
			await play.world.clock.advance(5_000);
			expect(play.joins).toBe(2);
			expect(play.world.server.last("room.join")).toMatchObject({ again: true });
		});

		it("send only the sizes that somebody wants, and a new one too", async () => {
			await play.joinRoom({ camera: true });
			await play.event("room.layers", { rids: ["l"], screen: false });
			expect(play.peer.wanted).toEqual({ rids: ["l"], screen: false });
			await play.event("room.hint", { why: "reconnect" });
			expect(play.peer.wanted).toEqual({ rids: ["l"], screen: false });
		});
	});

	describe("pictures", () => {
		beforeEach(async () => {
			play.set(BEN, { camera: true });
			play.set(CARLA, { camera: true });
			await play.joinRoom();
		});

		it("are unseen until a frame has come", async () => {
			await play.slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"], ["3", BEN, "mic"]);
			expect(play.tile(`${BEN}:camera`)).toMatchObject({
				shown: null,
				next: { stream: { id: "peer 1 11" } },
			});
			play.app.rooms.frame(`${BEN}:camera`);
			expect(play.tile(`${BEN}:camera`)).toMatchObject({
				shown: { stream: { id: "peer 1 11" } },
				next: null,
			});
			expect(play.tile(`${CARLA}:camera`).shown).toBeNull();
		});

		it("never show who was in that line before", async () => {
			await play.slots(1, ["11", BEN, "camera"]);
			play.peer.sources.set("11", 70);
			play.app.rooms.frame(`${BEN}:camera`);
			await play.slots(2, ["11", CARLA, "camera"]);
			expect(play.tile(`${BEN}:camera`).shown).toBeNull();
			/* A frame of Ben's that was still on its way. */
			play.app.rooms.frame(`${CARLA}:camera`);
			expect(play.tile(`${CARLA}:camera`).shown).toBeNull();
			play.peer.sources.set("11", 71);
			play.app.rooms.frame(`${CARLA}:camera`);
			expect(play.tile(`${CARLA}:camera`).shown?.stream.id).toBe("peer 1 11");
			/* Back: his number is known. */
			await play.slots(3, ["11", BEN, "camera"]);
			play.app.rooms.frame(`${BEN}:camera`);
			expect(play.tile(`${BEN}:camera`).shown).toBeNull();
			play.peer.sources.set("11", 70);
			play.app.rooms.frame(`${BEN}:camera`);
			expect(play.tile(`${BEN}:camera`).shown).not.toBeNull();
		});

		it("are believed after a second where the browser does not tell the numbers apart", async () => {
			play.peer.sources.set("11", 70);
			await play.slots(1, ["11", BEN, "camera"]);
			await play.slots(2, ["11", CARLA, "camera"]);
			play.app.rooms.frame(`${CARLA}:camera`);
			expect(play.tile(`${CARLA}:camera`).shown).toBeNull();
			await play.world.clock.advance(1_000);
			play.app.rooms.frame(`${CARLA}:camera`);
			expect(play.tile(`${CARLA}:camera`).shown).not.toBeNull();
		});

		it("stay over a new connection until the new one has a frame", async () => {
			await play.slots(1, ["11", BEN, "camera"]);
			play.app.rooms.frame(`${BEN}:camera`);
			await play.event("room.hint", { why: "restarted" });
			play.peer.become("connected");
			expect(play.tile(`${BEN}:camera`).shown?.stream.id).toBe("peer 1 11");
			await play.slots(1, ["12", BEN, "camera"]);
			expect(play.tile(`${BEN}:camera`)).toMatchObject({
				shown: { stream: { id: "peer 1 11" } },
				next: { stream: { id: "peer 2 12" } },
			});
			play.app.rooms.frame(`${BEN}:camera`);
			expect(play.tile(`${BEN}:camera`)).toMatchObject({
				shown: { stream: { id: "peer 2 12" } },
				next: null,
			});
		});

		it("that are assigned before the connection is agreed are not forgotten", async () => {
			await play.slots(1, ["11", BEN, "camera"]);
			play.app.rooms.frame(`${BEN}:camera`);
			let agree = () => {};
			play.world.rooms.slow = new Promise(resolve => {
				agree = resolve;
			});
			await play.event("room.hint", { why: "restarted" });
			await play.slots(1, ["13", BEN, "camera"]);
			expect(play.tile(`${BEN}:camera`)).toMatchObject({
				shown: { stream: { id: "peer 1 11" } },
				next: null,
			});
			agree();
			await play.world.clock.advance(0);
			expect(play.tile(`${BEN}:camera`).next?.stream.id).toBe("peer 2 13");
		});

		it("go with the camera, and with the person", async () => {
			await play.slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"]);
			play.app.rooms.frame(`${BEN}:camera`);
			play.app.rooms.frame(`${CARLA}:camera`);
			play.set(BEN, { camera: false });
			play.set(CARLA, { state: "left" });
			await play.tell();
			expect(play.view.tiles.map(one => one.key)).toEqual([`${BEN}:camera`]);
			expect(play.tile(`${BEN}:camera`).shown).toBeNull();
		});

		it("come back when the camera is switched on again, though the line stayed theirs", async () => {
			await play.slots(1, ["11", BEN, "camera"]);
			play.app.rooms.frame(`${BEN}:camera`);
			play.set(BEN, { camera: false });
			await play.tell();
			expect(play.tile(`${BEN}:camera`)).toMatchObject({ shown: null, next: null });
			play.set(BEN, { camera: true });
			await play.tell();
			expect(play.tile(`${BEN}:camera`).next?.stream.id).toBe("peer 1 11");
			play.app.rooms.frame(`${BEN}:camera`);
			expect(play.tile(`${BEN}:camera`).shown?.stream.id).toBe("peer 1 11");
		});

		it("on the stage are who speaks: never my own, then who was there before", async () => {
			await play.slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"]);
			for (const user of [BEN, CARLA]) play.app.rooms.frame(`${user}:camera`);
			await play.event("room.speakers", { stage: CARLA, before: BEN, order: [CARLA, BEN], ring: [CARLA] });
			expect(play.view.stage).toBe(`${CARLA}:camera`);
			await play.event("room.speakers", { stage: ME, before: CARLA, order: [ME, CARLA], ring: [ME] });
			expect(play.view.stage).toBe(`${CARLA}:camera`);
			await play.event("room.speakers", { stage: ME, before: BEN, order: [ME], ring: [] });
			expect(play.view.stage).toBe(`${BEN}:camera`);
		});

		it("on the stage stay until the next has a frame, but not for ever", async () => {
			await play.slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"]);
			play.app.rooms.frame(`${BEN}:camera`);
			await play.event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			expect(play.view.stage).toBe(`${BEN}:camera`);
			await play.event("room.speakers", { stage: CARLA, before: BEN, order: [CARLA], ring: [] });
			expect(play.view.stage).toBe(`${BEN}:camera`);
			play.app.rooms.frame(`${CARLA}:camera`);
			expect(play.view.stage).toBe(`${CARLA}:camera`);
			play.set(DEV, { camera: true });
			await play.tell();
			await play.event("room.speakers", { stage: DEV, before: CARLA, order: [DEV], ring: [] });
			expect(play.view.stage).toBe(`${CARLA}:camera`);
			await play.world.clock.advance(1_500);
			expect(play.view.stage).toBe(`${DEV}:camera`);
		});

		it("on the stage without a camera come at once", async () => {
			play.set(DEV, {});
			await play.tell();
			await play.event("room.speakers", { stage: DEV, before: null, order: [DEV], ring: [] });
			expect(play.view.stage).toBe(`${DEV}:camera`);
		});

		it("are pinned until they are let go, or their person goes", async () => {
			await play.event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			play.app.rooms.pin(`${CARLA}:camera`);
			await play.world.clock.advance(1_500);
			expect(play.view).toMatchObject({ stage: `${CARLA}:camera`, pinned: `${CARLA}:camera` });
			await play.event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			expect(play.view.stage).toBe(`${CARLA}:camera`);
			play.set(CARLA, { state: "left" });
			await play.tell();
			expect(play.view.stage).toBe(`${BEN}:camera`);
			play.app.rooms.setLayout("grid");
			expect(play.view).toMatchObject({ layout: "grid", stage: null, pinned: null });
		});

		it("of a screen go before who speaks", async () => {
			play.set(CARLA, { camera: true, screen: true });
			await play.tell();
			await play.slots(1, ["20", CARLA, "screen"]);
			await play.event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			play.app.rooms.frame(`${CARLA}:screen`);
			expect(play.view.stage).toBe(`${CARLA}:screen`);
			play.set(CARLA, { camera: true, screen: false });
			await play.tell();
			await play.world.clock.advance(1_500);
			expect(play.view.stage).toBe(`${BEN}:camera`);
		});

		it("of my screen go when somebody else shares theirs, and stay over a new connection", async () => {
			void play.app.rooms.setScreen(true);
			await play.world.clock.advance(0);
			play.set(ME, { device: MINE, screen: true });
			await play.tell();
			expect(play.view.mine.screen).toBe(true);
			await play.event("room.hint", { why: "restarted" });
			play.peer.become("connected");
			expect(play.view.mine.screen).toBe(true);
			expect(play.world.server.last("room.state")).toMatchObject({ screen: true });
			play.set(ME, { device: MINE, screen: true });
			await play.tell();
			play.set(ME, { device: MINE, screen: false });
			play.set(BEN, { camera: true, screen: true });
			await play.tell();
			expect(play.view.mine.screen).toBe(false);
			expect(play.world.talk.open).not.toContain("screen");
		});

		it("are told to the server with their heights, once they rest; nothing while the page is hidden", async () => {
			let before = play.world.server.count("room.view");
			play.app.rooms.sized(`${BEN}:camera`, 700);
			play.app.rooms.sized(`${CARLA}:camera`, 90);
			play.app.rooms.sized(`${BEN}:camera`, 720);
			await play.world.clock.advance(200);
			expect(play.world.server.count("room.view")).toBe(before + 1);
			expect(play.world.server.last("room.view")).toEqual({
				room: ROOM,
				views: [
					{ user: BEN, source: "camera", height: 720 },
					{ user: CARLA, source: "camera", height: 96 },
				],
			});
			/* Refused, while the server has lost us: said again. */
			play.world.server.on("room.view", () => ({ err: "conflict" }));
			play.app.rooms.sized(`${BEN}:camera`, 320);
			await play.world.clock.advance(200);
			play.world.server.on("room.view", () => ({}));
			const refused = play.world.server.count("room.view");
			await play.world.clock.advance(1_200);
			expect(play.world.server.count("room.view")).toBe(refused + 1);
			before += 2;
			play.app.rooms.sized(`${BEN}:camera`, 720);
			play.app.rooms.sized(`${CARLA}:camera`, 0);
			play.world.setVisible(false);
			await play.world.clock.advance(200);
			expect(play.world.server.last("room.view")).toEqual({ room: ROOM, views: [] });
			play.world.setVisible(true);
			await play.world.clock.advance(200);
			expect(play.world.server.last("room.view")?.views).toHaveLength(1);
			await play.event("room.hint", { why: "restarted" });
			await play.world.clock.advance(200);
			expect(play.world.server.count("room.view")).toBe(before + 4);
			/* In a window of its own it is seen while the page is not. */
			play.app.rooms.floats(`${CARLA}:camera`, 360);
			await play.world.clock.advance(200);
			expect(play.world.server.last("room.view")?.views).toHaveLength(2);
			play.world.setVisible(false);
			await play.world.clock.advance(200);
			const views = [{ user: CARLA, source: "camera", height: 360 }];
			expect(play.world.server.last("room.view")).toEqual({ room: ROOM, views });
			play.app.rooms.floats(null, 0);
			play.world.setVisible(true);
			await play.world.clock.advance(200);
			before += 3;
			/* Somebody's connection is a new one: the server knows nothing of how large they are. */
			await play.slots(9, ["11", BEN, "camera"]);
			await play.slots(10, ["11", BEN, "camera"]);
			await play.world.clock.advance(200);
			expect(play.world.server.count("room.view")).toBe(before + 5);
		});
	});

	describe("many people", () => {
		it("have nine tiles, with those who spoke lately among them", async () => {
			for (let user = 100; user < 120; user++) play.set(user, { camera: true });
			await play.joinRoom();
			const users = () => play.view.tiles.map(one => one.of.person.id);
			expect(users()).toHaveLength(9);
			expect(play.view.more).toBe(12);
			const first = users();
			await play.event("room.speakers", { stage: 117, before: null, order: [117, 118], ring: [117] });
			expect(users()).toContain(117);
			expect(users()).toContain(118);
			expect(users().filter(user => first.includes(user))).toHaveLength(7);
		});
	});
});
