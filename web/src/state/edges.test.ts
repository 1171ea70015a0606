/* Edge cases of the flow that no other test shows; their numbers are those of docs/edge-cases.md. */
import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { BEN, CONV, type FakeInput, ME, newWorld, type World } from "./fakes.ts";

const THEIRS = "d0".repeat(16);
const OTHER = "d1".repeat(16);

describe("edge cases", () => {
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

	const theirs = { from: BEN, to: ME, mine: false };

	function snapshot(call: string, state: string, extra: object = {}): object {
		const started = world.clock.now();
		const both = { call, conv: CONV, kind: "voice", from: ME, to: BEN, state, devices: 0, started, rang: 0 };
		const none = { answered: null, ended: null, outcome: null, answered_by: null, until: null };
		return { ...both, ...none, answered_device: null, mine: true, rev: ++rev, ...extra };
	}

	async function tell(call: string, state: string, extra: object = {}): Promise<void> {
		world.server.event("call", { call: snapshot(call, state, extra) });
		await world.clock.advance(0);
	}

	const placed = (): string => app.calls.outgoing.value?.call ?? "";

	async function place(): Promise<string> {
		world.server.on("call.start", args => ({ call: snapshot(String(args.call), "reaching") }));
		void app.calls.start(CONV, "voice");
		await world.clock.advance(0);
		return placed();
	}

	/* A missed call whose note is being spoken. */
	async function leaving(ms: number): Promise<string> {
		const call = await place();
		await tell(call, "ended", { outcome: "no_answer" });
		void app.calls.leaveNote();
		await world.clock.advance(ms);
		return call;
	}

	async function speak(ms: number): Promise<string> {
		void app.recorder.start(CONV, "voice");
		await world.clock.advance(ms);
		return String(world.server.last("rec.start")?.rec);
	}

	it("1: an answer that crossed with the timeout connects, with the prompt already on the screen", async () => {
		const call = await place();
		await tell(call, "ended", { outcome: "no_answer" });
		await tell(call, "answered", { answered: 1, answered_by: BEN });
		expect(app.calls.outgoing.value).toBeNull();
		expect(app.calls.answered.value).toMatchObject({ call, outgoing: true });
	});

	it("2: picked up while the note is left: said, kept as a draft, not sent", async () => {
		const call = await leaving(3_000);
		await tell(call, "answered", { answered: 1, answered_by: BEN });
		expect(app.spoken.value).toBe("Ben answered");
		expect(app.toasts.value.at(-1)?.what).toMatchObject({ type: "draftKept", why: "answered" });
		expect(app.drafts.list.value).toMatchObject([{ call, savedMs: 3_000 }]);
		await world.clock.advance(60_000);
		expect(world.server.count("rec.commit")).toBe(0);
	});

	it("4: they call back while the note is left: one call, and the draft", async () => {
		const call = await leaving(3_000);
		/* The server makes their call part of mine. */
		await tell(call, "answered", { answered: 1, answered_by: BEN });
		expect(app.calls.incoming.value).toEqual([]);
		expect(app.calls.answered.value).toMatchObject({ call });
		expect(app.drafts.list.value).toHaveLength(1);
	});

	it("3: who comes online while a note is left sees it, and nothing rings", async () => {
		world.server.hello.live = [
			{
				rec: OTHER,
				conv: CONV,
				call: THEIRS,
				kind: "voice",
				mime: "audio/mp4",
				from: BEN,
				state: "recording",
				ms: 4,
			},
		];
		world.server.cut();
		await world.clock.advance(1_000);
		expect(app.live.notes.value).toMatchObject([
			{ person: { name: "Ben" }, canAnswer: true, listening: "off" },
		]);
		expect(app.calls.incoming.value).toEqual([]);
		expect(world.sounds).toEqual([]);
	});

	it("7: a call that was cancelled before it rang leaves no word of it", async () => {
		await tell(THEIRS, "reaching", theirs);
		await world.clock.advance(5_000);
		await tell(THEIRS, "ended", { ...theirs, outcome: null });
		expect(app.calls.incoming.value).toEqual([]);
		expect(app.spoken.value).toBe("");
		expect(world.sounds).toEqual(["ring on", "ring off"]);
	});

	it("8: a cancel that lost against the answer shows the call", async () => {
		const call = await place();
		world.server.on("call.cancel", () => ({ err: "conflict" }));
		void app.calls.cancel();
		await tell(call, "answered", { answered: 1, answered_by: BEN });
		expect(app.calls.outgoing.value).toBeNull();
		expect(app.calls.answered.value).toMatchObject({ call });
	});

	it("12: a ring that comes after its end does not ring", async () => {
		const late = snapshot(THEIRS, "ringing", theirs);
		await tell(THEIRS, "ended", { ...theirs, outcome: "no_answer" });
		world.server.event("call", { call: late });
		await world.clock.advance(0);
		expect(app.calls.incoming.value).toEqual([]);
		expect(world.sounds).toEqual([]);
	});

	it("14: a note for a call that takes none any more becomes one of its own", async () => {
		await leaving(0);
		world.setOnline(false);
		await world.clock.advance(3_000);
		world.server.on("rec.start", args => {
			if (args.call !== null) return { err: "gone" };
			world.server.recs.set(String(args.rec), { next: 0, seg: 0, state: "recording", ms: 0, bytes: 0, args });
			return {
				rec: { ...args, next: 0, state: "recording", ms: 0, bytes: 0, created: 1, device: 11, live: false },
			};
		});
		world.server.on("rec.commit", () => ({ conv: CONV, seq: 9 }));
		void app.recorder.send();
		await world.clock.advance(0);
		world.setOnline(true);
		await world.clock.advance(2_000);
		expect(world.server.last("rec.start")).toMatchObject({ call: null });
		expect(world.server.count("rec.commit")).toBe(1);
		expect(world.server.fragments.map(one => one.number)).toEqual([...world.server.fragments.keys()]);
	});

	it("15: a server without space: the note waits in the thread, says why, and goes as soon as it can", async () => {
		world.server.on("rec.commit", () => ({ err: "full" }));
		await speak(2_000);
		void app.recorder.send();
		await world.clock.advance(11_000);
		expect(app.recorder.view.value.state).toBe("idle");
		expect(app.thread(CONV).entries.value).toMatchObject([
			{ sending: { state: "waiting", failed: "full", canRetry: true, canSave: true } },
		]);
		world.server.on("rec.commit", () => ({ conv: CONV, seq: 1 }));
		await world.clock.advance(31_000);
		expect(app.thread(CONV).entries.value).toEqual([]);
		expect(await world.storage.list("recs", [])).toEqual([]);
	});

	it("15: a network that stays away: saved as a file, or discarded", async () => {
		const rec = await speak(2_000);
		world.setOnline(false);
		void app.recorder.send();
		await world.clock.advance(3_600_000);
		const thread = app.thread(CONV);
		expect(thread.entries.value).toMatchObject([
			{ sending: { rec, state: "waiting", failed: null, canSave: true } },
		]);
		expect((await thread.saveNote(rec)).ok).toBe(true);
		expect(world.saved).toEqual(["note.webm"]);
		await thread.discardNote(rec);
		await world.clock.advance(6_000);
		expect(thread.entries.value).toEqual([]);
		expect(await world.storage.list("fragments", [])).toEqual([]);
	});

	it("15: what the server will not take stays, with the reason", async () => {
		await speak(2_000);
		world.server.on("rec.commit", () => ({ err: "too_large" }));
		void app.recorder.send();
		await world.clock.advance(0);
		expect(app.recorder.view.value).toMatchObject({ state: "failed", code: "too_large", canSave: true });
		expect(await world.storage.list("fragments", [])).toHaveLength(9);
	});

	it("17: answering a call while recording keeps what was said as a draft", async () => {
		const rec = await speak(3_000);
		await tell(THEIRS, "ringing", theirs);
		world.server.on("call.answer", () => ({
			call: snapshot(THEIRS, "answered", { ...theirs, mine: true, answered: 9, answered_by: ME }),
		}));
		void app.calls.answer(THEIRS);
		await world.clock.advance(0);
		expect(app.calls.answered.value).toMatchObject({ call: THEIRS });
		expect(app.recorder.view.value.state).toBe("idle");
		expect(app.drafts.list.value).toMatchObject([{ rec, savedMs: 3_000, canSend: true }]);
		expect(world.devices.open_.size).toBe(0);
	});

	it("18: once the microphone is allowed, Retry records", async () => {
		for (const code of ["denied", "no_device", "in_use"] as const) {
			world.devices.fail = code;
			await speak(0);
			expect(app.recorder.view.value).toMatchObject({ state: "blocked", code });
			app.recorder.dismiss();
		}
		await speak(0);
		world.devices.fail = null;
		void app.recorder.retry();
		await world.clock.advance(500);
		expect(app.recorder.view.value).toMatchObject({ state: "recording", kind: "voice" });
		app.recorder.discard();
	});

	it("19: a camera that goes in the middle: what is there is kept, and goes on with another", async () => {
		void app.recorder.start(CONV, "video");
		await world.clock.advance(0);
		app.recorder.skipCountdown();
		await world.clock.advance(2_000);
		const input = [...world.devices.open_][0] as FakeInput;
		world.devices.cameraFails = true;
		input.onLost?.("camera");
		await world.clock.advance(1_000);
		expect(app.recorder.view.value).toMatchObject({ state: "paused", why: "deviceLost", kind: "video" });
		expect(app.recorder.savedMs.value).toBe(2_000);
		world.devices.cameraFails = false;
		await app.recorder.replaceInput();
		await world.clock.advance(1_000);
		expect(app.recorder.view.value.state).toBe("recording");
		world.server.on("rec.commit", () => ({ conv: CONV, seq: 1 }));
		void app.recorder.send();
		await world.clock.advance(0);
		expect(world.server.last("rec.commit")).toMatchObject({ duration_ms: 3_000 });
	});

	it("20: with no other microphone it waits, and goes on with the one that comes", async () => {
		await speak(1_000);
		const input = [...world.devices.open_][0] as FakeInput;
		input.replaceMicrophone = async () => ({ ok: false, code: "no_device" });
		input.onLost?.("microphone");
		await world.clock.advance(5_000);
		expect(app.recorder.view.value).toMatchObject({ state: "paused", why: "deviceLost" });
		expect(app.recorder.ms.value).toBe(1_000);
		input.replaceMicrophone = async () => ({ ok: true, sameRecording: true });
		await app.recorder.resume();
		await world.clock.advance(1_000);
		expect(app.recorder.view.value.state).toBe("recording");
		expect(app.recorder.ms.value).toBe(2_000);
	});

	it("22: at the limit the first note goes and a second one begins", async () => {
		world.server.hello.limits = { voice_max_ms: 5_000, warn_ms: 2_000 };
		world.server.cut();
		await world.clock.advance(1_000);
		const call = await leaving(6_000);
		expect(app.recorder.view.value).toMatchObject({ state: "paused", why: "limit", target: { call } });
		const first = world.server.last("rec.start")?.rec;
		world.server.on("rec.commit", () => ({ conv: CONV, seq: 2 }));
		void app.recorder.sendAndGoOn();
		await world.clock.advance(1_000);
		expect(world.server.last("rec.commit")).toMatchObject({ rec: first, duration_ms: 5_000 });
		expect(app.recorder.view.value).toMatchObject({ state: "recording", target: { conv: CONV, call: null } });
		expect(world.server.last("rec.start")?.rec).not.toBe(first);
		expect(app.recorder.ms.value).toBe(1_000);
		app.recorder.discard();
	});

	it("25: nobody answers again: the draft is open again, and is sent as one note", async () => {
		await leaving(4_000);
		const rec = world.server.last("rec.start")?.rec;
		void app.calls.callAgain();
		await world.clock.advance(0);
		expect(app.calls.outgoing.value?.phase.name).toBe("reaching");
		expect(app.drafts.list.value).toMatchObject([{ rec, savedMs: 4_000 }]);
		await tell(placed(), "ended", { outcome: "no_answer" });
		expect(app.calls.outgoing.value?.phase.name).toBe("note");
		expect(app.recorder.view.value).toMatchObject({
			state: "paused",
			rec,
			target: { call: placed() },
			canResume: true,
		});
		expect(app.drafts.list.value).toEqual([]);
		void app.recorder.resume();
		await world.clock.advance(1_000);
		world.server.on("rec.commit", () => ({ conv: CONV, seq: 2 }));
		void app.recorder.send();
		await world.clock.advance(0);
		expect(world.server.last("rec.commit")).toMatchObject({ rec, duration_ms: 5_000 });
		expect(app.calls.outgoing.value).toBeNull();
	});

	it("25: answered this time: the draft stays a draft", async () => {
		await leaving(4_000);
		const rec = world.server.last("rec.start")?.rec;
		void app.calls.callAgain();
		await world.clock.advance(0);
		await tell(placed(), "answered", { answered: 1, answered_by: BEN });
		expect(app.calls.answered.value).not.toBeNull();
		expect(app.drafts.list.value).toMatchObject([{ rec, savedMs: 4_000, state: "draft" }]);
		expect(world.server.count("rec.commit")).toBe(0);
	});

	it("25: calling while a note is recorded in the thread keeps it, too", async () => {
		const rec = await speak(2_000);
		await place();
		expect(app.recorder.view.value.state).toBe("idle");
		expect(app.drafts.list.value).toMatchObject([{ rec, savedMs: 2_000 }]);
	});

	it("44: a wrong clock here changes no time that is shown or sent", async () => {
		world.server.skewMs = 7_200_000;
		world.server.cut();
		await world.clock.advance(1_000);
		await place();
		expect(app.calls.outgoing.value?.canLeaveNoteNow).toBe(false);
		await world.clock.advance(5_100);
		expect(app.calls.outgoing.value?.canLeaveNoteNow).toBe(true);
		await tell(placed(), "answered", { answered: world.clock.now() + 7_200_000, answered_by: BEN });
		expect(app.calls.answered.value?.answeredTs).toBe(world.clock.now());
		void app.settings.setQuiet(world.clock.now() + 3_600_000, false);
		await world.clock.advance(0);
		expect(world.server.last("me.set")).toMatchObject({ quiet_until: world.clock.now() + 10_800_000 });
		world.server.on("msg.send", () => ({ silent: true }));
		app.thread(CONV).sendText("Hello");
		await world.clock.advance(0);
		expect(app.thread(CONV).entries.value.at(-1)?.ts).toBeGreaterThanOrEqual(
			world.clock.now() + 7_200_000 - 100,
		);
	});
});
