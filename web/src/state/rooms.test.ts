import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { BEN, CONV, ME, newWorld, type World } from "./fakes.ts";

const ROOM = "a0".repeat(16);
const CALL = "c0".repeat(16);
const GROUP = 9;
const CARLA = 3;
const DEV = 4;
const MINE = 11;

type Person = { user: number; state: string } & Record<string, unknown>;

describe("rooms", () => {
	let world: World;
	let app: App;
	let rev = 0;
	let people: Person[] = [];
	let joins = 0;
	let refuse: object | null = null;

	const snapshot = (over: object = {}) => ({
		room: ROOM,
		conv: GROUP,
		kind: "video",
		by: BEN,
		state: "live",
		started: world.clock.now(),
		may_moderate: false,
		people,
		hands: [],
		rev: ++rev,
		...over,
	});

	beforeEach(async () => {
		world = newWorld();
		rev = 0;
		joins = 0;
		refuse = null;
		people = [
			{ user: BEN, state: "joined", device: null },
			{ user: ME, state: "invited" },
		];
		const users = world.server.hello.users as object[];
		users.push({ id: CARLA, username: "carla", name: "Carla" }, { id: DEV, username: "dev", name: "Dev" });
		(world.server.hello.convs as object[]).push({
			conv: GROUP,
			kind: "group",
			group: {
				name: "Garden",
				picture: null,
				members: [ME, BEN, CARLA, DEV].map(user => ({ user, admin: user === ME })),
			},
			last_seq: 0,
			last: null,
		});
		world.server.on("room.join", args => {
			if (refuse !== null) return refuse;
			joins++;
			people = people.map(one =>
				one.user === ME
					? { user: ME, state: "joined", device: MINE, muted: args.muted, camera: args.camera }
					: one,
			);
			const media = { ufrag: "u", pwd: "p", fingerprint: "AA", candidates: [], slots: [], peer: joins };
			return { room: snapshot(), media };
		});
		world.server.on("room.start", args => {
			people = [{ user: ME, state: "invited" }];
			const state = args.ring ? "ringing" : "live";
			return { room: snapshot({ room: args.room, kind: args.kind, by: ME, state }) };
		});
		app = new App(world.env);
		await app.start();
		await world.clock.advance(1_000);
	});

	const tell = async (over: object = {}) => {
		world.server.event("room", { room: snapshot(over) });
		await world.clock.advance(0);
	};
	const event = async (ev: string, fields: object) => {
		world.server.event(ev, { room: ROOM, ...fields });
		await world.clock.advance(0);
	};
	const set = (user: number, fields: object) => {
		people = [...people.filter(one => one.user !== user), { user, state: "joined", ...fields }].sort(
			(a, b) => a.user - b.user,
		);
	};
	const peer = () => world.rooms.last!;
	const view = () => app.rooms.view.value!;
	const tile = (key: string) => view().tiles.find(one => one.key === key)!;
	const joinRoom = async (options?: { muted?: boolean; camera?: boolean }) => {
		await tell();
		const joined = app.rooms.join(ROOM, options);
		await world.clock.advance(0);
		await joined;
		peer().become("connected");
		await world.clock.advance(0);
	};
	const slots = (epoch: number, ...list: [string, number, string][]) =>
		event("room.slots", { epoch, slots: list.map(([mid, user, source]) => ({ mid, user, source })) });

	describe("of a chat", () => {
		it("are seen before one joins, with who is in and who speaks", async () => {
			await tell();
			await event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [BEN] });
			const room = app.rooms.byConv.value.get(GROUP);
			expect(room).toMatchObject({
				room: ROOM,
				kind: "video",
				count: 1,
				here: "no",
				group: { name: "Garden" },
			});
			expect(room?.people.find(one => one.person.id === BEN)).toMatchObject({ here: true, speaking: true });
			expect(app.rooms.view.value).toBeNull();
			expect(world.rooms.peers).toHaveLength(0);
		});

		it("go when they end; an older snapshot does not bring them back into an older state", async () => {
			await tell({ rev: 10, locked: true });
			await tell({ rev: 9, locked: false });
			expect(app.rooms.byConv.value.get(GROUP)?.locked).toBe(true);
			/* A server that started anew counts anew. */
			world.server.hello.rooms = [snapshot({ rev: 1 })];
			world.server.cut();
			await world.clock.advance(5_000);
			expect(app.rooms.byConv.value.get(GROUP)?.locked).toBe(false);
			await tell({ rev: 11, state: "ended" });
			expect(app.rooms.byConv.value.size).toBe(0);
		});

		it("that another device of mine is in say so", async () => {
			set(ME, { device: 12 });
			await tell();
			expect(app.rooms.byConv.value.get(GROUP)?.here).toBe("elsewhere");
			expect(world.rooms.peers).toHaveLength(0);
		});
	});

	describe("that ring", () => {
		const ring = () => {
			set(ME, { state: "ringing" });
			return tell({ state: "ringing", kind: "voice" });
		};

		it("are acknowledged, sounded, announced by the group's name", async () => {
			await ring();
			expect(world.server.last("room.ring")).toEqual({ room: ROOM });
			expect(world.sounds).toEqual(["ring on"]);
			expect(app.spoken.value).toBe("Incoming voice call from Garden");
			expect(app.rooms.incoming.value[0]).toMatchObject({
				kind: "voice",
				by: { name: "Ben" },
				waiting: false,
			});
			await tell({ state: "ringing", kind: "voice" });
			expect(world.server.count("room.ring")).toBe(1);
		});

		it("stop at once when declined, and do not begin again", async () => {
			await ring();
			await app.rooms.decline(ROOM);
			expect(world.sounds).toEqual(["ring on", "ring off"]);
			expect(world.server.last("room.decline")).toEqual({ room: ROOM });
			await tell({ state: "ringing", kind: "voice" });
			expect(app.rooms.incoming.value).toEqual([]);
			/* Called once more, later. */
			set(ME, { state: "declined" });
			await tell({ kind: "voice" });
			await ring();
			expect(app.rooms.incoming.value).toHaveLength(1);
		});

		it("stop when answered on another device, when they end, and never ring as voice chats", async () => {
			await ring();
			set(ME, { state: "joined", device: 12 });
			await tell();
			expect(app.rooms.incoming.value).toEqual([]);
			set(ME, { state: "ringing" });
			await tell({ kind: "chat" });
			expect(app.rooms.incoming.value).toEqual([]);
			expect(world.sounds).toEqual(["ring on", "ring off"]);
		});

		it("are answered by joining", async () => {
			await ring();
			const joined = app.rooms.join(ROOM);
			await world.clock.advance(0);
			expect(await joined).toEqual({ ok: true });
			expect(app.rooms.incoming.value).toEqual([]);
			expect(world.sounds.at(-1)).toBe("ring off");
			expect(view()).toMatchObject({ link: "connecting", mine: { muted: false } });
		});

		it("of strangers are named once it is known who they are", async () => {
			world.server.on("people.find", () => ({ users: [{ id: 50, username: "zoe", name: "Zoë" }] }));
			people = [
				{ user: 50, state: "joined" },
				{ user: ME, state: "ringing", guest: true },
			];
			await tell({ conv: 77, by: 50, kind: "voice" });
			await world.clock.advance(0);
			expect(app.spoken.value).toBe("Incoming voice call from Zoë");
			expect(app.rooms.incoming.value[0]?.group.name).toBe("Zoë");
			await tell({ conv: 77, by: 50, kind: "voice" });
			expect(world.server.count("people.find")).toBe(1);
		});

		it("ring again for the server after a reconnect", async () => {
			await ring();
			world.server.hello.rooms = [snapshot({ state: "ringing" })];
			world.server.cut();
			await world.clock.advance(5_000);
			expect(world.server.count("room.ring")).toBe(2);
		});
	});

	describe("joined", () => {
		it("say who joins, with what, and send voice and camera", async () => {
			await joinRoom({ camera: true });
			expect(world.server.last("room.join")).toMatchObject({ room: ROOM, muted: false, again: false });
			expect(world.server.last("room.join")?.params).toEqual({ fingerprint: "peer 1" });
			expect(peer().pictures).toBe(true);
			expect(peer().sent.get("audio")).toBeTruthy();
			expect(peer().sent.get("camera")).toBeTruthy();
			expect(world.server.last("room.state")).toEqual({
				room: ROOM,
				muted: false,
				camera: true,
				screen: false,
			});
			expect(view()).toMatchObject({ link: "connected", room: { here: "here" } });
			expect(world.rooms.sinks[0]?.playing).toEqual(new Set(["peer 1 voices"]));
			expect(world.talk.awake).toBe(1);
		});

		it("of a voice chat carry no pictures, and remember whether muted", async () => {
			await tell({ kind: "chat" });
			void app.rooms.join(ROOM, { muted: true });
			await world.clock.advance(0);
			expect(peer().pictures).toBe(false);
			expect(app.rooms.large.value).toBe(false);
			expect(world.server.last("room.join")).toMatchObject({ muted: true });
			await app.rooms.leave();
			await tell({ kind: "chat" });
			void app.rooms.join(ROOM);
			await world.clock.advance(0);
			expect(world.server.last("room.join")).toMatchObject({ muted: true });
		});

		it("are left with everything closed, and do not come back by themselves", async () => {
			await joinRoom({ camera: true });
			await app.rooms.leave();
			expect(world.server.last("room.leave")).toEqual({ room: ROOM });
			expect(app.rooms.view.value).toBeNull();
			expect(world.talk.open).toEqual([]);
			expect(world.talk.awake).toBe(0);
			expect(peer().closed).toBe(true);
			expect(world.rooms.sinks[0]?.closed).toBe(true);
			await tell();
			world.server.hello.rooms = [snapshot()];
			world.server.cut();
			await world.clock.advance(5_000);
			expect(app.rooms.view.value).toBeNull();
			expect(joins).toBe(1);
		});

		it("are joined again by a page that was loaded anew", async () => {
			await joinRoom();
			world.server.hello.rooms = [snapshot()];
			app.end();
			const later = newWorld(world);
			const next = new App(later.env);
			await next.start();
			await later.clock.advance(1_000);
			expect(later.server.last("room.join")).toMatchObject({ again: true });
			expect(next.rooms.view.value).not.toBeNull();
			next.end();
		});

		it("that are full, locked or over say so", async () => {
			await tell();
			for (const [err, why] of [
				["full", "full"],
				["conflict", "locked"],
			] as const) {
				refuse = { err };
				void app.rooms.join(ROOM);
				await world.clock.advance(0);
				expect(app.toasts.value.at(-1)?.what).toEqual({ type: "room", why });
				expect(app.rooms.view.value).toBeNull();
				expect(world.talk.open).toEqual([]);
			}
			refuse = { err: "gone" };
			void app.rooms.join(ROOM);
			await world.clock.advance(0);
			expect(app.toasts.value.at(-1)?.what).toEqual({ type: "room", why: "removed" });
			refuse = { err: "bad_request" };
			void app.rooms.join(ROOM);
			await world.clock.advance(0);
			expect(app.toasts.value.at(-1)?.what).toMatchObject({ type: "error", code: "bad_request" });
		});

		it("wait for a media role that restarts", async () => {
			refuse = { err: "unavailable", retry_ms: 300 };
			await tell();
			void app.rooms.join(ROOM);
			await world.clock.advance(500);
			expect(view()).toMatchObject({ link: "connecting" });
			refuse = null;
			await world.clock.advance(2_000);
			expect(joins).toBe(1);
		});

		it("end here when moved to another device of mine, or removed, or over", async () => {
			await joinRoom();
			await event("room.hint", { why: "moved" });
			expect(app.rooms.view.value).toBeNull();
			expect(app.toasts.value.at(-1)?.what).toEqual({ type: "room", why: "moved" });
			set(ME, { state: "left" });
			await joinRoom();
			await event("room.hint", { why: "removed", by: BEN });
			expect(app.toasts.value.at(-1)?.what).toEqual({ type: "room", why: "removed" });
			set(ME, { state: "left" });
			await joinRoom();
			await tell({ state: "ended" });
			expect(app.rooms.view.value).toBeNull();
			expect(world.talk.open).toEqual([]);
			expect(world.server.count("room.leave")).toBe(0);
		});

		it("tell who comes, goes and raises a hand, but make no sound over somebody's speech", async () => {
			await joinRoom();
			set(CARLA, {});
			await tell();
			expect(app.spoken.value).toBe("Carla joined");
			await tell({ hands: [CARLA] });
			set(CARLA, { state: "left" });
			await tell();
			expect(app.spoken.value).toBe("Carla left");
			expect(world.sounds).toEqual(["joined", "hand", "left"]);
			await event("room.speakers", { stage: BEN, order: [BEN], ring: [BEN] });
			set(CARLA, {});
			await tell();
			expect(world.sounds).toHaveLength(3);
		});
	});

	describe("connections", () => {
		it("are made anew when the server asks, the old one staying until the new one flows", async () => {
			await joinRoom();
			await event("room.hint", { why: "restarted" });
			expect(world.rooms.peers).toHaveLength(2);
			expect(world.server.last("room.join")).toMatchObject({ again: true });
			expect(world.rooms.peers[0]?.closed).toBe(false);
			expect(view().link).toBe("reconnecting");
			peer().become("connected");
			expect(world.rooms.peers[0]?.closed).toBe(true);
			expect(view().link).toBe("connected");
			expect(peer().sent.get("audio")).toBeTruthy();
		});

		it("are made anew when they fail, or are silent for two seconds", async () => {
			await joinRoom();
			peer().become("disconnected");
			await world.clock.advance(1_900);
			expect(world.rooms.peers).toHaveLength(1);
			await world.clock.advance(200);
			expect(world.rooms.peers).toHaveLength(2);
			peer().become("connected");
			peer().become("failed");
			await world.clock.advance(0);
			expect(world.rooms.peers).toHaveLength(3);
			expect(joins).toBe(3);
		});

		it("that do not come are tried again, one at a time", async () => {
			await tell();
			void app.rooms.join(ROOM);
			await world.clock.advance(10_000);
			expect(world.rooms.peers.length).toBeGreaterThan(1);
			expect(world.rooms.peers.filter(one => !one.closed)).toHaveLength(1);
		});

		it("stay when only the line to the server breaks, and are made anew when it has lost us", async () => {
			await joinRoom();
			world.server.hello.rooms = [snapshot()];
			world.server.cut();
			await world.clock.advance(5_000);
			expect(joins).toBe(1);
			expect(world.server.last("room.state")).toBeTruthy();
			set(ME, { state: "away", device: MINE });
			world.server.hello.rooms = [snapshot()];
			world.server.cut();
			await world.clock.advance(5_000);
			expect(joins).toBe(2);
			expect(world.server.last("room.join")).toMatchObject({ again: true });
		});

		it("send only the sizes that somebody wants, and a new one too", async () => {
			await joinRoom({ camera: true });
			await event("room.layers", { rids: ["l"], screen: false });
			expect(peer().wanted).toEqual({ rids: ["l"], screen: false });
			await event("room.hint", { why: "reconnect" });
			expect(peer().wanted).toEqual({ rids: ["l"], screen: false });
		});
	});

	describe("pictures", () => {
		beforeEach(async () => {
			set(BEN, { camera: true });
			set(CARLA, { camera: true });
			await joinRoom();
		});

		it("are unseen until a frame has come", async () => {
			await slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"], ["3", BEN, "mic"]);
			expect(tile(`${BEN}:camera`)).toMatchObject({ shown: null, next: { stream: { id: "peer 1 11" } } });
			app.rooms.frame(`${BEN}:camera`);
			expect(tile(`${BEN}:camera`)).toMatchObject({ shown: { stream: { id: "peer 1 11" } }, next: null });
			expect(tile(`${CARLA}:camera`).shown).toBeNull();
		});

		it("never show who was in that line before", async () => {
			await slots(1, ["11", BEN, "camera"]);
			peer().sources.set("11", 70);
			app.rooms.frame(`${BEN}:camera`);
			await slots(2, ["11", CARLA, "camera"]);
			expect(tile(`${BEN}:camera`).shown).toBeNull();
			/* A frame of Ben's that was still on its way. */
			app.rooms.frame(`${CARLA}:camera`);
			expect(tile(`${CARLA}:camera`).shown).toBeNull();
			peer().sources.set("11", 71);
			app.rooms.frame(`${CARLA}:camera`);
			expect(tile(`${CARLA}:camera`).shown?.stream.id).toBe("peer 1 11");
			/* Back: his number is known. */
			await slots(3, ["11", BEN, "camera"]);
			app.rooms.frame(`${BEN}:camera`);
			expect(tile(`${BEN}:camera`).shown).toBeNull();
			peer().sources.set("11", 70);
			app.rooms.frame(`${BEN}:camera`);
			expect(tile(`${BEN}:camera`).shown).not.toBeNull();
		});

		it("are believed after a second where the browser does not tell the numbers apart", async () => {
			peer().sources.set("11", 70);
			await slots(1, ["11", BEN, "camera"]);
			await slots(2, ["11", CARLA, "camera"]);
			app.rooms.frame(`${CARLA}:camera`);
			expect(tile(`${CARLA}:camera`).shown).toBeNull();
			await world.clock.advance(1_000);
			app.rooms.frame(`${CARLA}:camera`);
			expect(tile(`${CARLA}:camera`).shown).not.toBeNull();
		});

		it("stay over a new connection until the new one has a frame", async () => {
			await slots(1, ["11", BEN, "camera"]);
			app.rooms.frame(`${BEN}:camera`);
			await event("room.hint", { why: "restarted" });
			peer().become("connected");
			expect(tile(`${BEN}:camera`).shown?.stream.id).toBe("peer 1 11");
			await slots(1, ["12", BEN, "camera"]);
			expect(tile(`${BEN}:camera`)).toMatchObject({
				shown: { stream: { id: "peer 1 11" } },
				next: { stream: { id: "peer 2 12" } },
			});
			app.rooms.frame(`${BEN}:camera`);
			expect(tile(`${BEN}:camera`)).toMatchObject({ shown: { stream: { id: "peer 2 12" } }, next: null });
		});

		it("that are assigned before the connection is agreed are not forgotten", async () => {
			await slots(1, ["11", BEN, "camera"]);
			app.rooms.frame(`${BEN}:camera`);
			let agree = () => {};
			world.rooms.slow = new Promise(resolve => {
				agree = resolve;
			});
			await event("room.hint", { why: "restarted" });
			await slots(1, ["13", BEN, "camera"]);
			expect(tile(`${BEN}:camera`)).toMatchObject({ shown: { stream: { id: "peer 1 11" } }, next: null });
			agree();
			await world.clock.advance(0);
			expect(tile(`${BEN}:camera`).next?.stream.id).toBe("peer 2 13");
		});

		it("go with the camera, and with the person", async () => {
			await slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"]);
			app.rooms.frame(`${BEN}:camera`);
			app.rooms.frame(`${CARLA}:camera`);
			set(BEN, { camera: false });
			set(CARLA, { state: "left" });
			await tell();
			expect(view().tiles.map(one => one.key)).toEqual([`${BEN}:camera`]);
			expect(tile(`${BEN}:camera`).shown).toBeNull();
		});

		it("come back when the camera is switched on again, though the line stayed theirs", async () => {
			await slots(1, ["11", BEN, "camera"]);
			app.rooms.frame(`${BEN}:camera`);
			set(BEN, { camera: false });
			await tell();
			expect(tile(`${BEN}:camera`)).toMatchObject({ shown: null, next: null });
			set(BEN, { camera: true });
			await tell();
			expect(tile(`${BEN}:camera`).next?.stream.id).toBe("peer 1 11");
			app.rooms.frame(`${BEN}:camera`);
			expect(tile(`${BEN}:camera`).shown?.stream.id).toBe("peer 1 11");
		});

		it("on the stage are who speaks: never my own, then who was there before", async () => {
			await slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"]);
			for (const user of [BEN, CARLA]) app.rooms.frame(`${user}:camera`);
			await event("room.speakers", { stage: CARLA, before: BEN, order: [CARLA, BEN], ring: [CARLA] });
			expect(view().stage).toBe(`${CARLA}:camera`);
			await event("room.speakers", { stage: ME, before: CARLA, order: [ME, CARLA], ring: [ME] });
			expect(view().stage).toBe(`${CARLA}:camera`);
			await event("room.speakers", { stage: ME, before: BEN, order: [ME], ring: [] });
			expect(view().stage).toBe(`${BEN}:camera`);
		});

		it("on the stage stay until the next has a frame, but not for ever", async () => {
			await slots(1, ["11", BEN, "camera"], ["12", CARLA, "camera"]);
			app.rooms.frame(`${BEN}:camera`);
			await event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			expect(view().stage).toBe(`${BEN}:camera`);
			await event("room.speakers", { stage: CARLA, before: BEN, order: [CARLA], ring: [] });
			expect(view().stage).toBe(`${BEN}:camera`);
			app.rooms.frame(`${CARLA}:camera`);
			expect(view().stage).toBe(`${CARLA}:camera`);
			set(DEV, { camera: true });
			await tell();
			await event("room.speakers", { stage: DEV, before: CARLA, order: [DEV], ring: [] });
			expect(view().stage).toBe(`${CARLA}:camera`);
			await world.clock.advance(1_500);
			expect(view().stage).toBe(`${DEV}:camera`);
		});

		it("on the stage without a camera come at once", async () => {
			set(DEV, {});
			await tell();
			await event("room.speakers", { stage: DEV, before: null, order: [DEV], ring: [] });
			expect(view().stage).toBe(`${DEV}:camera`);
		});

		it("are pinned until they are let go, or their person goes", async () => {
			await event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			app.rooms.pin(`${CARLA}:camera`);
			await world.clock.advance(1_500);
			expect(view()).toMatchObject({ stage: `${CARLA}:camera`, pinned: `${CARLA}:camera` });
			await event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			expect(view().stage).toBe(`${CARLA}:camera`);
			set(CARLA, { state: "left" });
			await tell();
			expect(view().stage).toBe(`${BEN}:camera`);
			app.rooms.setLayout("grid");
			expect(view()).toMatchObject({ layout: "grid", stage: null, pinned: null });
		});

		it("of a screen go before who speaks", async () => {
			set(CARLA, { camera: true, screen: true });
			await tell();
			await slots(1, ["20", CARLA, "screen"]);
			await event("room.speakers", { stage: BEN, before: null, order: [BEN], ring: [] });
			app.rooms.frame(`${CARLA}:screen`);
			expect(view().stage).toBe(`${CARLA}:screen`);
			set(CARLA, { camera: true, screen: false });
			await tell();
			await world.clock.advance(1_500);
			expect(view().stage).toBe(`${BEN}:camera`);
		});

		it("of my screen go when somebody else shares theirs, and stay over a new connection", async () => {
			void app.rooms.setScreen(true);
			await world.clock.advance(0);
			set(ME, { device: MINE, screen: true });
			await tell();
			expect(view().mine.screen).toBe(true);
			await event("room.hint", { why: "restarted" });
			peer().become("connected");
			expect(view().mine.screen).toBe(true);
			expect(world.server.last("room.state")).toMatchObject({ screen: true });
			set(ME, { device: MINE, screen: true });
			await tell();
			set(ME, { device: MINE, screen: false });
			set(BEN, { camera: true, screen: true });
			await tell();
			expect(view().mine.screen).toBe(false);
			expect(world.talk.open).not.toContain("screen");
		});

		it("are told to the server with their heights, once they rest; nothing while the page is hidden", async () => {
			let before = world.server.count("room.view");
			app.rooms.sized(`${BEN}:camera`, 700);
			app.rooms.sized(`${CARLA}:camera`, 90);
			app.rooms.sized(`${BEN}:camera`, 720);
			await world.clock.advance(200);
			expect(world.server.count("room.view")).toBe(before + 1);
			expect(world.server.last("room.view")).toEqual({
				room: ROOM,
				views: [
					{ user: BEN, source: "camera", height: 720 },
					{ user: CARLA, source: "camera", height: 96 },
				],
			});
			/* Refused, while the server has lost us: said again. */
			world.server.on("room.view", () => ({ err: "conflict" }));
			app.rooms.sized(`${BEN}:camera`, 320);
			await world.clock.advance(200);
			world.server.on("room.view", () => ({}));
			const refused = world.server.count("room.view");
			await world.clock.advance(1_200);
			expect(world.server.count("room.view")).toBe(refused + 1);
			before += 2;
			app.rooms.sized(`${BEN}:camera`, 720);
			app.rooms.sized(`${CARLA}:camera`, 0);
			world.setVisible(false);
			await world.clock.advance(200);
			expect(world.server.last("room.view")).toEqual({ room: ROOM, views: [] });
			world.setVisible(true);
			await world.clock.advance(200);
			expect(world.server.last("room.view")?.views).toHaveLength(1);
			await event("room.hint", { why: "restarted" });
			await world.clock.advance(200);
			expect(world.server.count("room.view")).toBe(before + 4);
			/* Somebody's connection is a new one: the server knows nothing of how large they are. */
			await slots(9, ["11", BEN, "camera"]);
			await slots(10, ["11", BEN, "camera"]);
			await world.clock.advance(200);
			expect(world.server.count("room.view")).toBe(before + 5);
		});
	});

	describe("many people", () => {
		it("have nine tiles, with those who spoke lately among them", async () => {
			for (let user = 100; user < 120; user++) set(user, { camera: true });
			await joinRoom();
			const users = () => view().tiles.map(one => one.of.person.id);
			expect(users()).toHaveLength(9);
			expect(view().more).toBe(12);
			const first = users();
			await event("room.speakers", { stage: 117, before: null, order: [117, 118], ring: [117] });
			expect(users()).toContain(117);
			expect(users()).toContain(118);
			expect(users().filter(user => first.includes(user))).toHaveLength(7);
		});
	});

	describe("reactions", () => {
		beforeEach(() => joinRoom({ muted: true }));

		it("are sent while muted, at most five in three seconds", async () => {
			for (let i = 0; i < 5; i++) expect(await app.rooms.react("👍")).toEqual({ ok: true });
			expect(await app.rooms.react("👍")).toEqual({ ok: false, code: "rate_limited" });
			expect(world.server.count("room.react")).toBe(5);
			expect(view().mine.muted).toBe(true);
			await world.clock.advance(3_000);
			expect(await app.rooms.react("👍")).toEqual({ ok: true });
		});

		it("are there for three seconds, the same of one person in one", async () => {
			for (const user of [BEN, BEN, CARLA]) await event("room.react", { user, emoji: "👏" });
			expect(app.rooms.reactions.value).toMatchObject([
				{ user: BEN, emoji: "👏", count: 2 },
				{ user: CARLA, count: 1 },
			]);
			await world.clock.advance(2_700);
			expect(app.rooms.reactions.value).toHaveLength(2);
			await world.clock.advance(600);
			expect(app.rooms.reactions.value).toEqual([]);
		});

		it("of a crowd are grouped", async () => {
			for (let user = 100; user < 160; user++)
				await event("room.react", { user, emoji: user % 2 ? "🎉" : "👏" });
			expect(app.rooms.reactions.value.length).toBeLessThanOrEqual(12);
			expect(app.rooms.reactions.value.reduce((sum, one) => sum + one.count, 0)).toBe(60);
		});

		it("are spoken as a summary, at most every three seconds, my own not", async () => {
			await event("room.react", { user: BEN, emoji: "👏" });
			await world.clock.advance(10);
			expect(app.spoken.value).toBe("Ben: 👏");
			await event("room.react", { user: BEN, emoji: "👏" });
			await event("room.react", { user: CARLA, emoji: "👏" });
			await event("room.react", { user: ME, emoji: "❤️" });
			await world.clock.advance(2_900);
			expect(app.spoken.value).toBe("Ben: 👏");
			await world.clock.advance(200);
			expect(app.spoken.value).toBe("Ben and Carla: 👏");
		});
	});

	describe("hands", () => {
		beforeEach(() => joinRoom());

		it("stand in their order", async () => {
			await tell({ hands: [ME, BEN] });
			expect(view().me?.hand).toBe(1);
			expect(view().room.people.find(one => one.person.id === BEN)?.hand).toBe(2);
			await app.rooms.setHand(false);
			expect(world.server.last("room.hand")).toEqual({ room: ROOM, up: false });
		});

		it("are to be lowered after five seconds of speaking, asked once", async () => {
			await world.clock.advance(10_000);
			expect(view().handHint).toBe(false);
			await tell({ hands: [ME] });
			await world.clock.advance(4_000);
			expect(view().handHint).toBe(false);
			await world.clock.advance(1_500);
			expect(view().handHint).toBe(true);
			app.rooms.keepHand();
			await world.clock.advance(10_000);
			expect(view().handHint).toBe(false);
		});

		it("are not asked after while muted", async () => {
			app.rooms.setMuted(true);
			await tell({ hands: [ME] });
			await world.clock.advance(10_000);
			expect(view().handHint).toBe(false);
		});
	});

	describe("moderation", () => {
		it("mutes me, and only I unmute", async () => {
			await joinRoom();
			await event("room.hint", { why: "muted", by: BEN });
			expect(view()).toMatchObject({ mine: { muted: true }, mutedBy: { name: "Ben" } });
			expect(world.server.last("room.state")).toMatchObject({ muted: true });
			await world.clock.advance(6_000);
			expect(view().mutedBy).toBeNull();
			app.rooms.setMuted(false);
			expect(world.server.last("room.state")).toMatchObject({ muted: true });
			await world.clock.advance(0);
			expect(world.server.last("room.state")).toMatchObject({ muted: false });
		});

		it("says what it wants of others", async () => {
			await joinRoom();
			await app.rooms.mute(BEN);
			await app.rooms.kick(BEN);
			await app.rooms.lock(true);
			await app.rooms.lowerHand(BEN);
			expect(world.server.last("room.mute")).toEqual({ room: ROOM, user: BEN });
			expect(world.server.last("room.kick")).toEqual({ room: ROOM, user: BEN });
			expect(world.server.last("room.lock")).toEqual({ room: ROOM, on: true });
			expect(world.server.last("room.hand")).toEqual({ room: ROOM, user: BEN, up: false });
		});
	});

	describe("starting", () => {
		it("asks how, rings, and joins as everybody", async () => {
			app.rooms.choose(GROUP, "video");
			expect(app.rooms.choice.value).toEqual({ conv: GROUP, kind: "video", others: 3, many: false });
			const started = app.rooms.start(GROUP, "video", true);
			await world.clock.advance(0);
			expect(await started).toEqual({ ok: true });
			expect(app.rooms.choice.value).toBeNull();
			expect(world.server.last("room.start")).toMatchObject({
				conv: GROUP,
				kind: "video",
				ring: true,
				confirmed: false,
			});
			expect(world.server.last("room.join")?.room).toBe(world.server.last("room.start")?.room);
			expect(world.talk.open).toContain("camera");
		});

		it("joins the one that is open instead", async () => {
			await tell();
			app.rooms.choose(GROUP, "voice");
			await world.clock.advance(0);
			expect(app.rooms.choice.value).toBeNull();
			expect(world.server.count("room.start")).toBe(0);
			expect(world.server.last("room.join")).toMatchObject({ room: ROOM, camera: false });
		});

		it("that many would hear is confirmed", async () => {
			const members = [ME, ...Array.from({ length: 9 }, (_, i) => 100 + i)].map(user => ({
				user,
				admin: false,
			}));
			world.server.event("conv", {
				conv: { conv: GROUP, kind: "group", group: { name: "Garden", picture: null, members }, last: null },
			});
			await world.clock.advance(0);
			app.rooms.choose(GROUP, "voice");
			expect(app.rooms.choice.value).toMatchObject({ others: 9, many: true });
			void app.rooms.start(GROUP, "voice", true);
			await world.clock.advance(0);
			expect(world.server.last("room.start")).toMatchObject({ confirmed: true });
		});

		it("without a network says so", async () => {
			world.setOnline(false);
			await world.clock.advance(0);
			expect(await app.rooms.start(GROUP, "voice", true)).toEqual({ ok: false, code: "offline" });
			expect(app.toasts.value.at(-1)?.what).toMatchObject({ type: "error", doing: "call" });
		});
	});

	describe("that nobody comes to", () => {
		const mine = { by: ME, kind: "voice" };
		const waiting = async () => {
			people = [
				{ user: ME, state: "joined", device: MINE },
				{ user: BEN, state: "declined" },
				{ user: CARLA, state: "no_answer" },
			];
			await tell({ ...mine, state: "ringing" });
			await joinRoom();
			await tell({ ...mine, state: "ringing" });
			expect(view().prompt).toBe("ringing");
			await tell({ ...mine, state: "waiting", outcome: "no_one_joined" });
		};

		it("offer the note, and to ring once more", async () => {
			await waiting();
			expect(view()).toMatchObject({ prompt: "noOne", room: { state: "waiting" } });
			await app.rooms.callAgain();
			expect(world.server.last("room.invite")).toEqual({ room: ROOM, users: [BEN, CARLA, DEV] });
			void app.rooms.leaveNote();
			await world.clock.advance(1_000);
			expect(app.recorder.view.value).toMatchObject({
				state: "recording",
				target: { conv: GROUP, call: ROOM },
			});
			expect(world.server.last("rec.start")).toMatchObject({ conv: GROUP, call: ROOM, kind: "voice" });
		});

		it("show the chat when the note is sent, and stay open", async () => {
			await waiting();
			world.server.on("rec.commit", () => ({ conv: GROUP, seq: 3 }));
			void app.rooms.leaveNote();
			await world.clock.advance(3_000);
			void app.recorder.send();
			await world.clock.advance(1_000);
			expect(app.wanted.value).toEqual({ conv: GROUP });
			expect(app.rooms.large.value).toBe(false);
			expect(app.rooms.view.value).not.toBeNull();
		});

		it("keep what was said when somebody comes after all", async () => {
			await waiting();
			void app.rooms.leaveNote();
			await world.clock.advance(2_000);
			set(BEN, {});
			await tell({ ...mine, state: "live" });
			await world.clock.advance(100);
			expect(app.recorder.view.value.state).toBe("idle");
			expect(app.toasts.value.at(-1)?.what).toMatchObject({ type: "draftKept", why: "answered" });
			expect(view().prompt).toBe("none");
		});
	});

	describe("and calls between two", () => {
		let callRev = 0;
		const call = async (state: string, over: object = {}) => {
			const now = world.clock.now();
			world.server.event("call", {
				call: {
					call: CALL,
					conv: CONV,
					kind: "voice",
					from: BEN,
					to: ME,
					state,
					started: now,
					mine: true,
					rev: ++callRev,
					...over,
				},
			});
			await world.clock.advance(0);
		};
		const answered = () => call("answered", { answered: world.clock.now(), answered_by: ME });

		it("are one at a time: joining ends the call, answering leaves the room", async () => {
			await answered();
			await joinRoom();
			expect(world.server.last("call.leave")).toEqual({ call: CALL });
			world.server.on("call.answer", () => ({ err: "gone" }));
			await call("ringing", { call: "d0".repeat(16), mine: false });
			expect(app.calls.incoming.value[0]).toMatchObject({ waiting: true });
			expect(world.sounds).toEqual([]);
			expect(await app.calls.start(CONV, "voice")).toEqual({ ok: false, code: "busy" });
			void app.calls.answer("d0".repeat(16));
			await world.clock.advance(0);
			expect(world.server.last("room.leave")).toEqual({ room: ROOM });
			expect(app.rooms.view.value).toBeNull();
		});

		it("grow into a room without a gap: the call goes on until both are in and media flows", async () => {
			await answered();
			app.talk.setMuted(true);
			world.server.on("call.grow", args => ({
				room: snapshot({ room: ROOM, conv: CONV, kind: args.kind, by: ME, from_call: CALL }),
			}));
			people = [
				{ user: ME, state: "invited" },
				{ user: BEN, state: "invited" },
				{ user: CARLA, state: "ringing", guest: true },
			];
			expect(await app.rooms.grow([CARLA])).toEqual({ ok: true });
			expect(world.server.last("call.grow")).toMatchObject({ call: CALL, users: [CARLA], kind: "voice" });
			await world.clock.advance(0);
			expect(world.server.last("room.join")).toMatchObject({ room: ROOM, muted: true });
			expect(view().taking).toBe(true);
			expect(world.rooms.sinks[0]?.quiet).toBe(true);
			expect(app.talk.view.value).not.toBeNull();
			peer().become("connected");
			await world.clock.advance(3_000);
			expect(world.server.count("call.leave")).toBe(0);
			set(BEN, { device: null });
			await tell({ conv: CONV, kind: "voice", by: ME, from_call: CALL });
			await world.clock.advance(2_000);
			expect(world.server.last("call.leave")).toEqual({ call: CALL });
			expect(view().taking).toBe(false);
			expect(world.rooms.sinks[0]?.quiet).toBe(false);
		});

		it("are joined by the other's device by itself, without ringing", async () => {
			await answered();
			people = [
				{ user: BEN, state: "invited" },
				{ user: ME, state: "invited" },
			];
			await tell({ conv: CONV, by: BEN, from_call: CALL });
			await world.clock.advance(0);
			expect(joins).toBe(1);
			expect(world.sounds).toEqual([]);
			await app.rooms.leave();
			expect(app.talk.view.value).not.toBeNull();
		});
	});

	it("leave nothing behind", async () => {
		await joinRoom({ camera: true });
		app.end();
		expect(world.talk.open).toEqual([]);
		expect(peer().closed).toBe(true);
	});
});
