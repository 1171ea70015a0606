import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { CONV, type FakeInput, newWorld, type World } from "./fakes.ts";
import type { RecorderView } from "./types/recorder.ts";

describe("the recorder", () => {
	let world: World;
	let app: App;
	const view = (): RecorderView => app.recorder.view.value;

	async function enter(before?: World): Promise<void> {
		world = newWorld(before);
		app = new App(world.env);
		await app.start();
		await world.clock.advance(0);
	}

	beforeEach(() => enter());

	async function record(ms: number, kind: "voice" | "video" = "voice"): Promise<void> {
		void app.recorder.start(CONV, kind);
		await world.clock.advance(0);
		if (kind === "video") app.recorder.skipCountdown();
		await world.clock.advance(ms);
	}

	const commits = (seq = 1) => world.server.on("rec.commit", () => ({ conv: CONV, seq }));

	it("records, saves while it is spoken, and sends", async () => {
		await record(3_000);
		expect(view()).toMatchObject({
			state: "recording",
			kind: "voice",
			maxMs: 180_000,
			canBeHeard: true,
			warnings: [],
		});
		expect(app.recorder.ms.value).toBe(3_000);
		expect(app.recorder.savedMs.value).toBe(3_000);
		expect(app.recorder.level.value).toBe(0.5);
		expect(app.recorder.wave.value).toHaveLength(60);
		expect(world.sounds).toEqual(["tone"]);
		commits();
		void app.recorder.send();
		void app.recorder.send();
		await world.clock.advance(0);
		expect(world.server.count("rec.commit")).toBe(1);
		const commit = world.server.last("rec.commit");
		expect(commit).toMatchObject({ fragments: 13, duration_ms: 3_000 });
		expect(commit?.peaks).toHaveLength(64);
		expect(world.server.fragments.map(fragment => fragment.number)).toEqual([...Array(13).keys()]);
		expect(view().state).toBe("idle");
		expect(world.sounds).toEqual(["tone", "sent"]);
		expect(await world.storage.list("recs", [])).toEqual([]);
		expect(await world.storage.list("fragments", [])).toEqual([]);
	});

	it("leaves no microphone and no timer behind", async () => {
		const before = world.clock.timers;
		await record(2_000);
		app.recorder.discard();
		await world.clock.advance(10_000);
		expect(world.devices.open_.size).toBe(0);
		await world.clock.advance(60_000);
		expect(world.clock.timers).toBeLessThanOrEqual(before);
	});

	it("pauses without counting, and goes on", async () => {
		await record(1_000);
		app.recorder.pause();
		await world.clock.advance(5_000);
		expect(view()).toMatchObject({ state: "paused", why: null, canResume: true });
		expect(app.recorder.ms.value).toBe(1_000);
		expect(world.server.last("rec.state")).toMatchObject({ state: "paused", ms: 1_000 });
		await app.recorder.resume();
		await world.clock.advance(500);
		expect(app.recorder.ms.value).toBe(1_500);
		expect(world.server.last("rec.state")).toMatchObject({ state: "recording" });
	});

	it("warns of the end, stops at it, and keeps everything", async () => {
		world.server.hello.limits = { voice_max_ms: 20_000, warn_ms: 15_000 };
		await enter(world);
		await record(4_900);
		expect(view()).toMatchObject({ warnings: [] });
		await world.clock.advance(200);
		expect(view()).toMatchObject({ warnings: ["limitSoon"] });
		expect(app.spoken.value).toBe("15000 left");
		await world.clock.advance(20_000);
		expect(view()).toMatchObject({ state: "paused", why: "limit", canResume: false });
		expect(app.recorder.ms.value).toBe(20_000);
		expect((await app.recorder.resume()).ok).toBe(false);
		commits();
		void app.recorder.send();
		await world.clock.advance(0);
		expect(world.server.last("rec.commit")).toMatchObject({ duration_ms: 20_000 });
	});

	it("says that nothing is heard after two seconds, and takes it back", async () => {
		world.devices.level = 0;
		await record(2_500);
		expect(view()).toMatchObject({ state: "recording", warnings: ["silent"] });
		world.devices.level = 0.3;
		await world.clock.advance(100);
		expect(view()).toMatchObject({ warnings: [] });
	});

	it("goes on with another microphone in the same note", async () => {
		await record(1_000);
		const input = [...world.devices.open_][0] as FakeInput;
		input.onLost?.("microphone");
		await world.clock.advance(1_000);
		expect(input.replaced).toBe(1);
		expect(view()).toMatchObject({ state: "recording", warnings: [] });
		expect(world.devices.encoders).toHaveLength(1);
	});

	it("goes on in a new segment where the microphone cannot be exchanged", async () => {
		await record(1_000);
		const input = [...world.devices.open_][0] as FakeInput;
		input.sameRecording = false;
		input.onLost?.("microphone");
		await world.clock.advance(1_000);
		expect(view().state).toBe("recording");
		expect(world.devices.encoders).toHaveLength(2);
		expect(world.devices.open_.size).toBe(1);
		commits();
		void app.recorder.send();
		await world.clock.advance(0);
		const starts = world.server.asked.filter(one => one.do === "rec.start").map(one => one.args.seg);
		expect(starts).toEqual([0, 1]);
		expect(world.server.fragments.map(fragment => fragment.seg)).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1]);
		expect(world.server.last("rec.commit")).toMatchObject({ fragments: 10, duration_ms: 2_000 });
	});

	it("pauses when the page is hidden, and when the system takes the sound", async () => {
		await record(1_000);
		world.setVisible(false);
		expect(view()).toMatchObject({ state: "paused", why: "hidden" });
		world.setVisible(true);
		await app.recorder.resume();
		expect(view().state).toBe("recording");
		([...world.devices.open_][0] as FakeInput).onLost?.("interrupted");
		await world.clock.advance(0);
		expect(view()).toMatchObject({ state: "paused", why: "interrupted" });
	});

	it("says why it cannot, and tries as voice", async () => {
		world.devices.fail = "denied";
		await record(0, "video");
		expect(view()).toMatchObject({ state: "blocked", code: "denied", kind: "video" });
		world.devices.fail = null;
		await app.recorder.switchKind("voice");
		expect(view()).toMatchObject({ state: "recording", kind: "voice" });
	});

	it("goes on as voice when the camera fails", async () => {
		world.devices.cameraFails = true;
		await record(100, "video");
		expect(view()).toMatchObject({ state: "recording", kind: "voice", warnings: ["cameraFailed"] });
	});

	it("counts a video note down, and can be called off meanwhile", async () => {
		void app.recorder.start(CONV, "video");
		await world.clock.advance(1_000);
		expect(view().state).toBe("countdown");
		expect(app.recorder.countdownMs.value).toBe(2_000);
		app.recorder.discard();
		await world.clock.advance(5_000);
		expect(view().state).toBe("idle");
		expect(world.devices.open_.size).toBe(0);
		void app.recorder.start(CONV, "video");
		await world.clock.advance(3_100);
		expect(view()).toMatchObject({ state: "recording", kind: "video", maxMs: 60_000 });
	});

	it("does not send what is shorter than a second, and lets it be taken back", async () => {
		await record(500);
		expect(await app.recorder.send()).toMatchObject({ ok: false, code: "too_short" });
		await world.clock.advance(0);
		expect(view().state).toBe("idle");
		const toast = app.toasts.value.at(-1);
		expect(toast?.what.type).toBe("noteTooShort");
		toast?.action?.run();
		await world.clock.advance(0);
		expect(view()).toMatchObject({ state: "paused" });
		expect(app.recorder.ms.value).toBe(500);
		expect(world.server.count("rec.undo")).toBe(1);
	});

	it("discards with five seconds to think again", async () => {
		await record(2_000);
		app.recorder.discard();
		await world.clock.advance(4_000);
		expect(world.server.count("rec.discard")).toBe(1);
		app.toasts.value.at(-1)?.action?.run();
		await world.clock.advance(0);
		expect(view()).toMatchObject({ state: "paused", canResume: true });
		await app.recorder.resume();
		await world.clock.advance(1_000);
		expect(app.recorder.ms.value).toBe(3_000);
		commits();
		void app.recorder.send();
		await world.clock.advance(0);
		expect(world.server.last("rec.commit")).toMatchObject({ duration_ms: 3_000 });
		const numbers = world.server.fragments.map(fragment => fragment.number);
		expect(numbers).toEqual([...numbers.keys()]);
	});

	it("discarded for good leaves nothing on this device", async () => {
		await record(2_000);
		app.recorder.discard();
		await world.clock.advance(5_100);
		expect(await world.storage.list("fragments", [])).toEqual([]);
		expect(await world.storage.list("recs", [])).toEqual([]);
	});

	it("a line that breaks costs nothing: it resumes from what the server holds", async () => {
		await record(1_000);
		world.setOnline(false);
		await world.clock.advance(2_000);
		expect(view()).toMatchObject({ state: "recording", warnings: ["offline"] });
		expect(app.recorder.savedMs.value).toBe(1_000);
		world.setOnline(true);
		await world.clock.advance(1_000);
		expect(app.recorder.savedMs.value).toBe(4_000);
		commits();
		void app.recorder.send();
		await world.clock.advance(0);
		const numbers = world.server.fragments.map(fragment => fragment.number);
		expect(numbers).toEqual([...numbers.keys()]);
		expect(world.server.last("rec.commit")).toMatchObject({ fragments: numbers.length, duration_ms: 4_000 });
	});

	it("asks again where the server stands when acknowledgements stay away", async () => {
		await record(1_000);
		world.server.swallow = 3;
		await world.clock.advance(10_000);
		const numbers = world.server.fragments.map(fragment => fragment.number);
		expect(numbers).toEqual([...numbers.keys()]);
		expect(app.recorder.savedMs.value).toBeGreaterThan(10_000);
	});

	it("a commit that the server cannot take now is repeated under the same cid", async () => {
		await record(2_000);
		let tries = 0;
		world.server.on("rec.commit", () => (++tries < 3 ? { err: "busy" } : { conv: CONV, seq: 1 }));
		void app.recorder.send();
		await world.clock.advance(10_000);
		expect(view().state).toBe("idle");
		const cids = world.server.asked.filter(one => one.do === "rec.commit").map(one => one.args.cid);
		expect(cids).toHaveLength(3);
		expect(new Set(cids).size).toBe(1);
	});

	it("an answer lost on the way is asked for again, not sent again", async () => {
		await record(2_000);
		world.server.on("rec.commit", () => ({ silent: true }));
		void app.recorder.send();
		await world.clock.advance(100);
		world.server.cut();
		for (const rec of world.server.recs.values()) rec.state = "sent";
		commits();
		await world.clock.advance(1_000);
		const cids = world.server.asked.filter(one => one.do === "rec.commit").map(one => one.args.cid);
		expect(cids.length).toBeGreaterThan(1);
		expect(new Set(cids).size).toBe(1);
		expect(await world.storage.list("recs", [])).toEqual([]);
	});

	it("unreadable: nothing is lost, the bytes can be saved as a file", async () => {
		await record(2_000);
		world.server.on("rec.commit", () => ({ err: "unreadable" }));
		void app.recorder.send();
		await world.clock.advance(0);
		expect(view()).toMatchObject({ state: "failed", code: "unreadable", canRetry: false, canSave: true });
		expect((await app.recorder.saveFile()).ok).toBe(true);
		expect(world.saved).toEqual(["note.webm"]);
		expect(await world.storage.list("fragments", [])).toHaveLength(9);
	});

	it("a full disk here does not stop anybody from speaking", async () => {
		world.storage.refuse = true;
		await record(2_000);
		expect(view()).toMatchObject({ state: "recording", warnings: ["notSaved"] });
		commits();
		void app.recorder.send();
		await world.clock.advance(0);
		expect(view().state).toBe("idle");
		expect(world.server.last("rec.commit")).toMatchObject({ fragments: 9 });
	});

	it("who listens is named", async () => {
		await record(1_000);
		const rec = String(world.server.last("rec.start")?.rec);
		world.server.event("rec.listeners", { rec, users: [2] });
		await world.clock.advance(0);
		expect(view()).toMatchObject({ listeners: ["Ben"] });
	});

	it("listening pauses, plays what there is, and stops", async () => {
		await record(2_000);
		app.recorder.listen();
		await world.clock.advance(300);
		expect(view()).toMatchObject({ state: "paused", review: "playing" });
		expect(world.media[0]?.src).toBe("blob:x");
		world.media[0]?.finish();
		await world.clock.advance(0);
		expect(view()).toMatchObject({ state: "paused", review: "off" });
	});

	describe("after the tab was closed", () => {
		it("the rest is sent from this device, and the draft waits for Send", async () => {
			await record(1_000);
			world.setOnline(false);
			await world.clock.advance(1_000);
			const rec = String(world.server.last("rec.start")?.rec);
			app.end();
			world.server.up = true;
			await enter(world);
			await world.clock.advance(100);
			expect(world.server.recs.get(rec)?.next).toBe(8);
			expect(world.server.count("rec.commit")).toBe(0);
			expect(app.drafts.list.value).toMatchObject([
				{ rec, savedMs: 2_000, here: true, canSend: true, canContinue: true },
			]);
			commits();
			await app.drafts.send(rec);
			await world.clock.advance(0);
			expect(world.server.last("rec.commit")).toMatchObject({ rec, fragments: 8, duration_ms: 2_000 });
			expect(app.drafts.list.value).toEqual([]);
			expect(await world.storage.list("recs", [])).toEqual([]);
		});

		it("it can be continued", async () => {
			await record(1_000);
			const rec = String(world.server.last("rec.start")?.rec);
			app.end();
			await enter(world);
			void app.drafts.resume(rec);
			await world.clock.advance(1_000);
			expect(view()).toMatchObject({ state: "recording", rec });
			expect(app.recorder.ms.value).toBe(2_000);
			expect(app.drafts.list.value).toEqual([]);
			commits();
			void app.recorder.send();
			await world.clock.advance(0);
			expect(world.server.fragments.map(fragment => fragment.seg)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1]);
			expect(world.server.last("rec.commit")).toMatchObject({ rec, fragments: 9, duration_ms: 2_000 });
		});

		it("a note that was sent without a network goes by itself", async () => {
			await record(2_000);
			world.setOnline(false);
			void app.recorder.send();
			await world.clock.advance(100);
			app.end();
			world.server.up = true;
			commits();
			await enter(world);
			await world.clock.advance(100);
			expect(world.server.count("rec.commit")).toBe(1);
		});
	});

	describe("drafts of other devices", () => {
		const rec = "ee".repeat(16);
		const theirs = {
			rec,
			conv: CONV,
			call: null,
			kind: "voice",
			mime: "audio/mp4;codecs=opus",
			state: "draft",
			seg: 0,
			next: 40,
			bytes: 4_000,
			ms: 12_000,
			created: 1,
			device: 99,
			live: false,
		};

		beforeEach(async () => {
			world.server.hello.recs = [theirs];
			world.server.recs.set(rec, { next: 40, seg: 0, state: "draft", ms: 12_000, bytes: 4_000, args: {} });
			await enter(world);
		});

		it("can be sent as they are", async () => {
			expect(app.drafts.list.value).toMatchObject([{ rec, savedMs: 12_000, here: false, canSend: true }]);
			commits();
			expect((await app.drafts.send(rec)).ok).toBe(true);
			expect(world.server.last("rec.commit")).toMatchObject({ rec, fragments: 40, duration_ms: 12_000 });
		});

		it("can be continued here, numbered on from what the server holds", async () => {
			void app.drafts.resume(rec);
			await world.clock.advance(1_000);
			expect(world.server.last("rec.start")).toMatchObject({ rec, seg: 1 });
			expect(world.server.fragments.map(fragment => fragment.number)).toEqual([40, 41, 42, 43]);
			expect(app.recorder.ms.value).toBe(13_000);
		});

		it("can be discarded, and brought back", async () => {
			void app.drafts.discard(rec);
			expect(app.drafts.list.value).toEqual([]);
			app.toasts.value.at(-1)?.action?.run();
			await world.clock.advance(0);
			expect(app.drafts.list.value).toHaveLength(1);
		});

		it("go when they were sent elsewhere, and cannot be touched while they are made", async () => {
			world.server.event("rec", { rec: { ...theirs, state: "recording" } });
			await world.clock.advance(0);
			expect(app.drafts.list.value).toMatchObject([
				{ state: "recording", canSend: false, canContinue: false },
			]);
			world.server.event("rec", { rec: { ...theirs, state: "sent" } });
			await world.clock.advance(0);
			expect(app.drafts.list.value).toEqual([]);
		});
	});
});
