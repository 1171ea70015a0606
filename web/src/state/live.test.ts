import { beforeEach, describe, expect, it } from "vitest";
import type { LiveState } from "../media/liveSource.ts";
import { encodeFragment, type Fragment } from "../wire/fragment.ts";
import { App } from "./app.ts";
import { BEN, CONV, newWorld, type World } from "./fakes.ts";

const REC = "ab".repeat(16);
const CALL = "cd".repeat(16);

describe("a note being left", () => {
	let world: World;
	let app: App;
	let pushed: Fragment[];
	let closed: boolean;
	let completed: boolean;
	let state: (state: LiveState) => void;

	beforeEach(async () => {
		world = newWorld();
		pushed = [];
		closed = false;
		completed = false;
		const live = async (_element: unknown, _mime: string, onState: (state: LiveState) => void) => {
			state = onState;
			return {
				push: (fragment: Fragment) => pushed.push(fragment),
				complete: () => {
					completed = true;
				},
				close: () => {
					closed = true;
				},
			} as never;
		};
		app = new App({ ...world.env, playing: { ...world.env.playing, live } });
		await app.start();
		await world.clock.advance(0);
	});

	async function tell(name: string, ms = 0): Promise<void> {
		const live = {
			rec: REC,
			conv: CONV,
			call: CALL,
			kind: "voice",
			mime: "audio/mp4",
			from: BEN,
			state: name,
			ms,
		};
		world.server.event("live", { live });
		await world.clock.advance(0);
	}

	it("is told, listened to, and ends with the note", async () => {
		await tell("recording");
		expect(app.live.notes.value).toMatchObject([
			{ person: { name: "Ben" }, canAnswer: true, listening: "off" },
		]);
		expect(app.spoken.value).toBe("Ben is leaving a voice note");
		world.server.on("rec.listen", () => ({ rec: {} }));
		void app.live.listen(REC);
		await world.clock.advance(0);
		const frame = encodeFragment({ rec: REC, seg: 0, number: 0, atMs: 250, bytes: new Uint8Array([1]) });
		deliver(world, frame);
		expect(pushed).toHaveLength(1);
		state("playing");
		expect(app.live.notes.value[0]?.listening).toBe("playing");
		await tell("sent", 5_000);
		expect(completed).toBe(true);
		await world.clock.advance(4_100);
		expect(app.live.notes.value).toEqual([]);
	});

	it("that is discarded ends at once as not sent", async () => {
		await tell("recording");
		void app.live.listen(REC);
		await world.clock.advance(0);
		await tell("discarded");
		expect(closed).toBe(true);
		expect(app.live.notes.value[0]).toMatchObject({ state: "discarded", canAnswer: false });
		await world.clock.advance(4_100);
		expect(app.live.notes.value).toEqual([]);
	});

	it("nobody listens to goes without a trace", async () => {
		await tell("recording");
		await tell("discarded");
		expect(app.live.notes.value).toEqual([]);
	});

	it("can be picked up", async () => {
		await tell("recording");
		const call = {
			call: CALL,
			conv: CONV,
			kind: "voice",
			from: BEN,
			to: 1,
			state: "answered",
			started: 1,
			answered: 2,
			mine: true,
			rev: 9,
		};
		world.server.on("call.answer", () => ({ call }));
		expect((await app.live.answer(REC)).ok).toBe(true);
		expect(app.calls.answered.value).toMatchObject({ call: CALL });
		await tell("answered");
		expect(app.live.notes.value).toEqual([]);
	});

	it("waits for Send where it cannot be played as it comes", async () => {
		const playing = { ...world.env.playing, canPlayLive: () => false };
		app.end();
		app = new App({ ...world.env, playing });
		await app.start();
		await world.clock.advance(0);
		await tell("recording");
		await app.live.listen(REC);
		expect(app.live.notes.value[0]?.listening).toBe("later");
		expect(world.server.count("rec.listen")).toBe(0);
	});
});

function deliver(world: World, frame: Uint8Array<ArrayBuffer>): void {
	world.server.binary(frame.buffer);
}
