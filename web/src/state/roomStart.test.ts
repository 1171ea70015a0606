import { beforeEach, describe, expect, it } from "vitest";
import { BEN, CONV, ME } from "./fakes.ts";
import { CARLA, DEV, GROUP, MINE, ROOM, RoomPlay } from "./roomPlay.ts";

const CALL = "c0".repeat(16);

describe("rooms", () => {
	let play: RoomPlay;

	beforeEach(async () => {
		play = await RoomPlay.begin();
	});

	describe("starting", () => {
		it("asks how, rings, and play.joins as everybody", async () => {
			play.app.rooms.choose(GROUP, "video");
			expect(play.app.rooms.choice.value).toEqual({ conv: GROUP, kind: "video", others: 3, many: false });
			const started = play.app.rooms.start(GROUP, "video", true);
			await play.world.clock.advance(0);
			expect(await started).toEqual({ ok: true });
			expect(play.app.rooms.choice.value).toBeNull();
			expect(play.world.server.last("room.start")).toMatchObject({
				conv: GROUP,
				kind: "video",
				ring: true,
				confirmed: false,
			});
			expect(play.world.server.last("room.join")?.room).toBe(play.world.server.last("room.start")?.room);
			expect(play.world.talk.open).toContain("camera");
		});

		it("play.joins the one that is open instead", async () => {
			await play.tell();
			play.app.rooms.choose(GROUP, "voice");
			await play.world.clock.advance(0);
			expect(play.app.rooms.choice.value).toBeNull();
			expect(play.world.server.count("room.start")).toBe(0);
			expect(play.world.server.last("room.join")).toMatchObject({ room: ROOM, camera: false });
		});

		it("that many would hear is confirmed", async () => {
			const members = [ME, ...Array.from({ length: 9 }, (_, i) => 100 + i)].map(user => ({
				user,
				admin: false,
			}));
			play.world.server.event("conv", {
				conv: { conv: GROUP, kind: "group", group: { name: "Garden", picture: null, members }, last: null },
			});
			await play.world.clock.advance(0);
			play.app.rooms.choose(GROUP, "voice");
			expect(play.app.rooms.choice.value).toMatchObject({ others: 9, many: true });
			void play.app.rooms.start(GROUP, "voice", true);
			await play.world.clock.advance(0);
			expect(play.world.server.last("room.start")).toMatchObject({ confirmed: true });
		});

		it("without a network says so", async () => {
			play.world.setOnline(false);
			await play.world.clock.advance(0);
			expect(await play.app.rooms.start(GROUP, "voice", true)).toEqual({ ok: false, code: "offline" });
			expect(play.app.toasts.value.at(-1)?.what).toMatchObject({ type: "error", doing: "call" });
		});
	});

	describe("that nobody comes to", () => {
		const mine = { by: ME, kind: "voice" };
		const waiting = async () => {
			play.people = [
				{ user: ME, state: "joined", device: MINE },
				{ user: BEN, state: "declined" },
				{ user: CARLA, state: "no_answer" },
			];
			await play.tell({ ...mine, state: "ringing" });
			await play.joinRoom();
			await play.tell({ ...mine, state: "ringing" });
			expect(play.view.prompt).toBe("ringing");
			await play.tell({ ...mine, state: "waiting", outcome: "no_one_joined" });
		};

		it("offer the note, and to ring once more", async () => {
			await waiting();
			expect(play.view).toMatchObject({ prompt: "noOne", room: { state: "waiting" } });
			await play.app.rooms.callAgain();
			expect(play.world.server.last("room.invite")).toEqual({ room: ROOM, users: [BEN, CARLA, DEV] });
			void play.app.rooms.leaveNote();
			await play.world.clock.advance(1_000);
			expect(play.app.recorder.view.value).toMatchObject({
				state: "recording",
				target: { conv: GROUP, call: ROOM },
			});
			expect(play.world.server.last("rec.start")).toMatchObject({ conv: GROUP, call: ROOM, kind: "voice" });
		});

		it("show the chat when the note is sent, and stay open", async () => {
			await waiting();
			play.world.server.on("rec.commit", () => ({ conv: GROUP, seq: 3 }));
			void play.app.rooms.leaveNote();
			await play.world.clock.advance(3_000);
			void play.app.recorder.send();
			await play.world.clock.advance(1_000);
			expect(play.app.wanted.value).toEqual({ conv: GROUP });
			expect(play.app.rooms.large.value).toBe(false);
			expect(play.app.rooms.view.value).not.toBeNull();
		});

		it("keep what was said when somebody comes after all", async () => {
			await waiting();
			void play.app.rooms.leaveNote();
			await play.world.clock.advance(2_000);
			play.set(BEN, {});
			await play.tell({ ...mine, state: "live" });
			await play.world.clock.advance(100);
			expect(play.app.recorder.view.value.state).toBe("idle");
			expect(play.app.toasts.value.at(-1)?.what).toMatchObject({ type: "draftKept", why: "answered" });
			expect(play.view.prompt).toBe("none");
		});
	});

	describe("and calls between two", () => {
		let callRev = 0;
		const call = async (state: string, over: object = {}) => {
			const now = play.world.clock.now();
			play.world.server.event("call", {
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
			await play.world.clock.advance(0);
		};
		const answered = () => call("answered", { answered: play.world.clock.now(), answered_by: ME });

		it("are one at a time: joining ends the call, answering leaves the room", async () => {
			await answered();
			await play.joinRoom();
			expect(play.world.server.last("call.leave")).toEqual({ call: CALL });
			play.world.server.on("call.answer", () => ({ err: "gone" }));
			await call("ringing", { call: "d0".repeat(16), mine: false });
			expect(play.app.calls.incoming.value[0]).toMatchObject({ waiting: true });
			expect(play.world.sounds).toEqual([]);
			expect(await play.app.calls.start(CONV, "voice")).toEqual({ ok: false, code: "busy" });
			void play.app.calls.answer("d0".repeat(16));
			await play.world.clock.advance(0);
			expect(play.world.server.last("room.leave")).toEqual({ room: ROOM });
			expect(play.app.rooms.view.value).toBeNull();
		});

		it("grow into a room without a gap: the call goes on until both are in and media flows", async () => {
			await answered();
			play.app.talk.setMuted(true);
			play.world.server.on("call.grow", args => ({
				room: play.snapshot({ room: ROOM, conv: CONV, kind: args.kind, by: ME, from_call: CALL }),
			}));
			play.people = [
				{ user: ME, state: "invited" },
				{ user: BEN, state: "invited" },
				{ user: CARLA, state: "ringing", guest: true },
			];
			expect(await play.app.rooms.grow([CARLA])).toEqual({ ok: true });
			expect(play.world.server.last("call.grow")).toMatchObject({
				call: CALL,
				users: [CARLA],
				kind: "voice",
			});
			await play.world.clock.advance(0);
			expect(play.world.server.last("room.join")).toMatchObject({ room: ROOM, muted: true });
			expect(play.view.taking).toBe(true);
			expect(play.world.rooms.sinks[0]?.quiet).toBe(true);
			expect(play.app.talk.view.value).not.toBeNull();
			play.peer.become("connected");
			await play.world.clock.advance(3_000);
			expect(play.world.server.count("call.leave")).toBe(0);
			play.set(BEN, { device: null });
			await play.tell({ conv: CONV, kind: "voice", by: ME, from_call: CALL });
			await play.world.clock.advance(2_000);
			expect(play.world.server.last("call.leave")).toEqual({ call: CALL });
			expect(play.view.taking).toBe(false);
			expect(play.world.rooms.sinks[0]?.quiet).toBe(false);
		});

		it("are joined by the other's device by itself, without ringing", async () => {
			await answered();
			play.people = [
				{ user: BEN, state: "invited" },
				{ user: ME, state: "invited" },
			];
			await play.tell({ conv: CONV, by: BEN, from_call: CALL });
			await play.world.clock.advance(0);
			expect(play.joins).toBe(1);
			expect(play.world.sounds).toEqual([]);
			await play.app.rooms.leave();
			expect(play.app.talk.view.value).not.toBeNull();
		});
	});
});
