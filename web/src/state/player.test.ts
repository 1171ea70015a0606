import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { BEN, CONV, newWorld, type World } from "./fakes.ts";
import type { NoteView } from "./types/thread.ts";

describe("the player", () => {
	let world: World;
	let app: App;

	beforeEach(async () => {
		world = newWorld();
		app = new App(world.env);
		await app.start();
		app.thread(CONV).setShown(true);
		await world.clock.advance(0);
		for (const seq of [1, 2, 3]) note(seq);
		await world.clock.advance(0);
	});

	function note(seq: number): void {
		const body = {
			kind: "voice",
			blob: `${seq}`.repeat(32),
			mime: "audio/mp4",
			bytes: 9,
			duration_ms: 10_000,
			peaks: [],
		};
		const entry = { conv: CONV, seq, id: seq, from: BEN, device: 5, ts: seq, kind: "note", body };
		world.server.event("entry", { entry });
	}

	function view(seq: number): NoteView {
		const entry = app.thread(CONV).entries.value.find(one => one.seq === seq);
		if (entry?.type !== "note") throw new Error("no such note");
		return entry.note;
	}

	it("plays, marks as played once, remembers where it was", async () => {
		app.player.play(view(1));
		expect(world.media[0]).toMatchObject({
			src: `/media/${"1".repeat(32)}`,
			preservesPitch: true,
			paused: false,
		});
		expect(view(1).played).toBe(true);
		world.media[0]!.currentTime = 6;
		await world.clock.advance(5_100);
		expect(world.server.last("note.position")).toEqual({ conv: CONV, seq: 1, ms: 6_000 });
		app.player.pause();
		app.player.play(view(1));
		expect(world.server.count("note.played")).toBe(1);
		expect(app.player.positionMs.value).toBe(6_000);
	});

	it("takes up a little earlier than where it stopped", async () => {
		world.server.event("note", { conv: CONV, seq: 2, played: true, position_ms: 5_000, heard: false });
		await world.clock.advance(0);
		expect(app.player.positionOf(view(2))).toBe(5_000);
		app.player.play(view(2));
		expect(world.media[0]?.currentTime).toBe(3.5);
		world.server.event("note", { conv: CONV, seq: 3, played: true, position_ms: 9_900, heard: false });
		await world.clock.advance(0);
		app.player.play(view(3));
		expect(world.media[0]?.currentTime).toBe(3.5);
		expect(app.player.positionMs.value).toBe(0);
	});

	it("plays on to the next that was not heard, then stops", async () => {
		world.server.event("note", { conv: CONV, seq: 2, played: true, position_ms: 0, heard: false });
		await world.clock.advance(0);
		app.player.play(view(1));
		world.media[0]?.finish();
		expect(app.player.current.value?.seq).toBe(3);
		expect(app.player.playing.value).toBe(true);
		world.media[0]?.finish();
		expect(app.player.playing.value).toBe(false);
	});

	it("has four speeds and keeps the chosen one", () => {
		app.player.play(view(1));
		const speeds = [1, 2, 3, 4].map(() => {
			app.player.nextSpeed();
			return world.media[0]?.playbackRate;
		});
		expect(speeds).toEqual([1.25, 1.5, 2, 1]);
		app.player.nextSpeed();
		expect(app.settings.prefs.value.speed).toBe(1.25);
		expect(new App(world.env).player.speed.value).toBe(1.25);
	});

	it("seeks within the note, playing or not", () => {
		app.player.seek(view(1), 4_000);
		expect(app.player.playing.value).toBe(false);
		expect(world.media[0]?.currentTime).toBe(4);
		app.player.seek(view(1), 99_000);
		expect(app.player.positionMs.value).toBe(10_000);
		app.player.play(view(1));
		expect(app.player.positionMs.value).toBe(0);
	});

	it("falls silent when somebody records", async () => {
		app.player.play(view(1));
		void app.recorder.start(CONV, "voice");
		await world.clock.advance(100);
		expect(app.player.playing.value).toBe(false);
	});

	it("says when it cannot", () => {
		app.player.play(view(1));
		world.media[0]?.fire("error");
		expect(app.player.failed.value).toBe("unreadable");
		expect(app.player.playing.value).toBe(false);
	});
});
