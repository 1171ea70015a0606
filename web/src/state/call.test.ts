import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { BEN, CONV, ME, newWorld, type World } from "./fakes.ts";

const THEIRS = "d0".repeat(16);

describe("calls", () => {
	let world: World;
	let app: App;
	let rev = 0;

	beforeEach(async () => {
		world = newWorld();
		app = new App(world.env);
		await app.start();
		await world.clock.advance(0);
		rev = 0;
	});

	function snapshot(call: string, state: string, extra: object = {}): object {
		return {
			call,
			conv: CONV,
			kind: "voice",
			from: ME,
			to: BEN,
			state,
			devices: 0,
			started: world.clock.now(),
			rang: 0,
			answered: null,
			ended: null,
			outcome: null,
			answered_by: null,
			answered_device: null,
			until: null,
			mine: true,
			rev: ++rev,
			...extra,
		};
	}

	async function tell(call: string, state: string, extra: object = {}): Promise<void> {
		world.server.event("call", { call: snapshot(call, state, extra) });
		await world.clock.advance(0);
	}

	const theirs = { from: BEN, to: ME, mine: false };

	async function place(kind: "voice" | "video" = "voice"): Promise<string> {
		world.server.on("call.start", args => ({ call: snapshot(String(args.call), "reaching", { kind }) }));
		void app.calls.start(CONV, kind);
		await world.clock.advance(0);
		return app.calls.outgoing.value?.call ?? "";
	}

	it("ring, time out, and become a note in one tap", async () => {
		const call = await place();
		expect(app.calls.outgoing.value).toMatchObject({ phase: { name: "reaching" }, canLeaveNoteNow: false });
		expect(world.devices.opened).toBe(1);
		await tell(call, "ringing", { devices: 2, rang: 1 });
		expect(app.calls.outgoing.value).toMatchObject({
			phase: { name: "ringing", devices: 2 },
			canLeaveNoteNow: true,
		});
		expect(world.sounds).toContain("ringback on");
		await world.clock.advance(45_000);
		await tell(call, "ended", { outcome: "no_answer" });
		expect(app.calls.outgoing.value?.phase).toEqual({
			name: "unanswered",
			outcome: "no_answer",
			prompt: "main",
			quietUntil: null,
		});
		expect(world.sounds).toContain("ringback off");
		expect(app.spoken.value).toBe("Ben: no_answer");
		void app.calls.leaveNote();
		await world.clock.advance(0);
		/* The microphone was open already: nothing was opened for the tap. */
		expect(world.devices.opened).toBe(1);
		expect(app.recorder.view.value).toMatchObject({
			state: "recording",
			target: { call, name: "Ben" },
			kind: "voice",
		});
		expect(app.calls.outgoing.value?.phase.name).toBe("note");
		await world.clock.advance(3_000);
		expect(world.server.last("rec.start")).toMatchObject({ call, conv: CONV, seg: 0 });
		world.server.on("rec.commit", () => ({ conv: CONV, seq: 2 }));
		void app.recorder.send();
		await world.clock.advance(0);
		expect(world.server.last("rec.commit")).toMatchObject({ duration_ms: 3000 });
		expect(app.recorder.view.value.state).toBe("idle");
		expect(app.calls.outgoing.value).toBeNull();
		expect(app.wanted.value).toEqual({ conv: CONV });
		expect(world.devices.open_.size).toBe(0);
	});

	it("offer the note early when no device of theirs answers, and at once when asked", async () => {
		const call = await place();
		await world.clock.advance(4_900);
		expect(app.calls.outgoing.value?.canLeaveNoteNow).toBe(false);
		await world.clock.advance(200);
		expect(app.calls.outgoing.value?.canLeaveNoteNow).toBe(true);
		void app.calls.leaveNote();
		await world.clock.advance(1_000);
		expect(world.server.last("call.cancel")).toEqual({ call, note: true });
		const order = world.server.asked
			.map(one => one.do)
			.filter(name => name === "call.cancel" || name === "rec.start");
		expect(order).toEqual(["call.cancel", "rec.start"]);
	});

	for (const [outcome, prompt] of [
		["declined", "offered"],
		["busy", "main"],
		["unreachable", "main"],
		["silenced", "main"],
		["failed", "main"],
	] as const) {
		it(`${outcome}: the note is the ${prompt} action`, async () => {
			const call = await place();
			await tell(call, "ended", { outcome });
			expect(app.calls.outgoing.value?.phase).toMatchObject({ name: "unanswered", outcome, prompt });
		});
	}

	it("cancelled while ringing offers the note small; closing it ends the screen and the microphone", async () => {
		const call = await place();
		await tell(call, "ringing", { devices: 1 });
		await world.clock.advance(3_000);
		void app.calls.cancel();
		await world.clock.advance(0);
		expect(app.calls.outgoing.value?.phase).toMatchObject({ outcome: "cancelled", prompt: "small" });
		expect(world.devices.open_.size).toBe(1);
		void app.calls.cancel();
		await world.clock.advance(0);
		expect(app.calls.outgoing.value).toBeNull();
		expect(world.devices.open_.size).toBe(0);
	});

	it("cancelled in the first second leaves no screen", async () => {
		await place();
		await world.clock.advance(500);
		void app.calls.cancel();
		await world.clock.advance(0);
		expect(app.calls.outgoing.value).toBeNull();
	});

	it("without a network fail at once, and the note is sent later by itself", async () => {
		world.setOnline(false);
		await world.clock.advance(0);
		void app.calls.start(CONV, "voice");
		await world.clock.advance(0);
		expect(app.calls.outgoing.value?.phase).toMatchObject({ outcome: "failed", prompt: "main" });
		void app.calls.leaveNote();
		await world.clock.advance(2_000);
		expect(app.recorder.view.value).toMatchObject({ state: "recording", warnings: ["offline"] });
		void app.recorder.send();
		await world.clock.advance(0);
		expect(app.recorder.view.value.state).toBe("idle");
		expect(app.thread(CONV).entries.value[0]).toMatchObject({
			type: "sending",
			sending: { state: "waiting" },
		});
		world.server.on("rec.commit", () => ({ conv: CONV, seq: 1 }));
		world.setOnline(true);
		await world.clock.advance(1_000);
		expect(world.server.last("rec.start")).toMatchObject({ call: null });
		expect(world.server.count("rec.commit")).toBe(1);
		expect(app.thread(CONV).entries.value).toEqual([]);
	});

	it("whose line breaks while reaching come back or fail with the prompt", async () => {
		await place();
		world.server.on("call.start", () => ({ silent: true }));
		world.setOnline(false);
		await world.clock.advance(7_000);
		expect(app.calls.outgoing.value?.phase.name).toBe("reaching");
		await world.clock.advance(1_100);
		expect(app.calls.outgoing.value?.phase).toMatchObject({ outcome: "failed", prompt: "main" });
	});

	it("refused say why", async () => {
		world.server.on("call.start", () => ({ err: "rate_limited", retry_ms: 60_000 }));
		void app.calls.start(CONV, "voice");
		await world.clock.advance(0);
		expect(app.calls.outgoing.value).toMatchObject({
			refused: { code: "rate_limited", retryMs: 60_000 },
			phase: { name: "unanswered", prompt: "main" },
		});
	});

	it("picked up while the note is being left keep it as a draft", async () => {
		const call = await place();
		await tell(call, "ended", { outcome: "no_answer" });
		void app.calls.leaveNote();
		await world.clock.advance(5_000);
		const rec = String(world.server.last("rec.start")?.rec);
		await tell(call, "answered", { answered: 5, answered_by: BEN });
		expect(app.recorder.view.value.state).toBe("idle");
		expect(app.calls.answered.value).toMatchObject({ call, outgoing: true });
		expect(app.drafts.list.value).toMatchObject([{ rec, savedMs: 5000, state: "draft", canSend: true }]);
		expect(app.toasts.value.at(-1)?.what).toMatchObject({ type: "draftKept", why: "answered" });
		expect(world.server.count("rec.commit")).toBe(0);
		expect(world.devices.open_.size).toBe(0);
	});

	it("again: what was recorded stays as a draft", async () => {
		const call = await place();
		await tell(call, "ended", { outcome: "no_answer" });
		void app.calls.leaveNote();
		await world.clock.advance(4_000);
		void app.calls.callAgain();
		await world.clock.advance(0);
		expect(app.calls.outgoing.value?.phase.name).toBe("reaching");
		expect(app.calls.outgoing.value?.call).not.toBe(call);
		expect(app.drafts.list.value).toHaveLength(1);
	});

	it("ring here: acknowledged, sounded, shown; and stop in the same moment everywhere", async () => {
		world.setVisible(false);
		await tell(THEIRS, "reaching", theirs);
		expect(world.server.last("call.ring")).toEqual({ call: THEIRS });
		expect(app.calls.incoming.value).toMatchObject([
			{ call: THEIRS, person: { name: "Ben" }, waiting: false },
		]);
		expect(app.flash.value).toBe("Incoming voice call from Ben");
		expect(world.notified).toEqual([{ tag: `call-${THEIRS}`, title: "Incoming voice call from Ben" }]);
		expect(world.sounds).toEqual(["ring on"]);
		await tell(THEIRS, "ringing", theirs);
		expect(world.server.count("call.ring")).toBe(1);
		expect(world.sounds).toEqual(["ring on"]);
		await tell(THEIRS, "answered", { ...theirs, answered_by: ME, answered_device: "Phone" });
		expect(app.calls.incoming.value).toEqual([]);
		expect(app.calls.answered.value).toBeNull();
		expect(app.flash.value).toBeNull();
		expect(world.sounds).toEqual(["ring on", "ring off"]);
		expect(app.toasts.value.at(-1)?.what).toEqual({ type: "answeredElsewhere", device: "Phone" });
	});

	it("are answered here, once", async () => {
		await tell(THEIRS, "ringing", theirs);
		world.server.on("call.answer", () => ({
			call: snapshot(THEIRS, "answered", { ...theirs, mine: true, answered: 9, answered_by: ME }),
		}));
		void app.calls.answer(THEIRS);
		expect(app.calls.incoming.value[0]?.answering).toBe(true);
		await world.clock.advance(0);
		expect(app.calls.answered.value).toMatchObject({ call: THEIRS, outgoing: false });
		expect(app.calls.incoming.value).toEqual([]);
		expect(world.sounds).toEqual(["ring on", "ring off"]);
		await app.calls.hangUp();
		expect(app.calls.answered.value).toBeNull();
	});

	it("that are gone when one answers say so", async () => {
		await tell(THEIRS, "ringing", theirs);
		world.server.on("call.answer", () => ({ err: "gone" }));
		const answer = app.calls.answer(THEIRS);
		await world.clock.advance(0);
		expect(await answer).toMatchObject({ ok: false, code: "gone" });
		expect(app.calls.incoming.value).toEqual([]);
		expect(app.toasts.value.at(-1)?.what).toEqual({ type: "callGone", conv: CONV });
		app.toasts.value.at(-1)?.action?.run();
		await world.clock.advance(0);
		expect(world.server.last("call.start")).toMatchObject({ conv: CONV, kind: "voice" });
	});

	it("a stale snapshot changes nothing", async () => {
		await tell(THEIRS, "ringing", theirs);
		const old = snapshot(THEIRS, "reaching", theirs);
		await tell(THEIRS, "answered", { ...theirs, answered_by: ME, answered_device: null });
		world.server.event("call", { call: old });
		await world.clock.advance(0);
		expect(app.calls.incoming.value).toEqual([]);
	});

	it("that cross become one", async () => {
		world.server.on("call.start", () => ({
			call: snapshot(THEIRS, "answered", { ...theirs, mine: true, answered: 9 }),
		}));
		await tell(THEIRS, "reaching", theirs);
		void app.calls.start(CONV, "voice");
		await world.clock.advance(0);
		expect(app.calls.outgoing.value).toBeNull();
		expect(app.calls.incoming.value).toEqual([]);
		expect(app.calls.answered.value).toMatchObject({ call: THEIRS });
		expect(world.devices.open_.size).toBe(0);
	});

	it("a second one waits without a ring tone", async () => {
		const call = await place();
		await tell(call, "answered", { answered: 1 });
		world.sounds.length = 0;
		await tell(THEIRS, "ringing", theirs);
		expect(app.calls.incoming.value[0]?.waiting).toBe(true);
		expect(world.sounds).toEqual([]);
	});

	it("ring again after a reconnect, and are acknowledged again", async () => {
		await tell(THEIRS, "ringing", theirs);
		world.server.hello.calls = [snapshot(THEIRS, "ringing", theirs)];
		world.server.cut();
		await world.clock.advance(1_000);
		expect(app.calls.incoming.value).toHaveLength(1);
		expect(world.server.count("call.ring")).toBe(2);
		world.server.hello.calls = [];
		world.server.cut();
		await world.clock.advance(1_000);
		expect(app.calls.incoming.value).toEqual([]);
		expect(world.sounds).toEqual(["ring on", "ring off"]);
	});

	it("that were declined stop here without waiting for the server", async () => {
		await tell(THEIRS, "ringing", theirs);
		void app.calls.decline(THEIRS, "Later");
		expect(app.calls.incoming.value).toEqual([]);
		await world.clock.advance(0);
		expect(world.server.last("call.decline")).toEqual({ call: THEIRS, text: "Later" });
	});
});
