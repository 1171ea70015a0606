import { effect } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { CONV, newWorld } from "./fakes.ts";

describe("the app", () => {
	it("shows who is signed in", async () => {
		const world = newWorld();
		const app = new App(world.env);
		expect(app.session.value).toEqual({ state: "loading" });
		await app.start();
		await world.clock.advance(0);
		expect(app.session.value).toMatchObject({ state: "signedIn", me: { name: "Ana", device: 11 } });
		expect(app.connection.value).toBe("online");
	});

	it("asks to sign in, and says why after a revocation", async () => {
		const world = newWorld();
		world.server.session = { ok: false, code: "unauthorized" };
		const app = new App(world.env);
		await app.start();
		expect(app.session.value).toEqual({
			state: "signedOut",
			firstRun: false,
			invite: null,
			why: null,
			unreachable: false,
		});
		world.server.session = { ok: true, token: "secret" };
		const signedIn = new App(world.env);
		await signedIn.start();
		await world.clock.advance(0);
		world.server.session = { ok: false, code: "unauthorized" };
		world.server.cut(4001);
		await world.clock.advance(0);
		expect(signedIn.session.value).toMatchObject({ state: "signedOut", why: "revoked" });
	});

	it("opens a chat when its event comes after the answer", async () => {
		const world = newWorld();
		const app = new App(world.env);
		await app.start();
		await world.clock.advance(0);
		world.server.on("chat.open", () => ({ conv: 8 }));
		const opened = app.chats.open(5);
		await world.clock.advance(10);
		const conv = { conv: 8, kind: "direct", with: 5, last_seq: 0, last: null };
		world.server.event("conv", { conv });
		await world.clock.advance(0);
		expect(await opened).toEqual({ ok: true, conv: 8 });
		expect(await app.chats.open(5)).toEqual({ ok: true, conv: 8 });
		expect(app.thread(8)).toBe(app.thread(8));
		expect(app.thread(CONV).notFound.value).toBe(false);
		expect(app.thread(99).notFound.value).toBe(true);
	});

	it("toasts go by themselves, and their action can be used once", async () => {
		const world = newWorld();
		const app = new App(world.env);
		await app.start();
		await world.clock.advance(0);
		world.server.on("entry.delete", () => ({ err: "not_found" }));
		await app.thread(CONV).deleteEntry(3);
		expect(app.toasts.value).toMatchObject([{ what: { type: "error", code: "not_found", doing: "delete" } }]);
		await world.clock.advance(7_000);
		expect(app.toasts.value).toEqual([]);
	});

	it("ends without leaving a timer", async () => {
		const world = newWorld();
		const app = new App(world.env);
		await app.start();
		await world.clock.advance(0);
		app.thread(CONV).setShown(true);
		await world.clock.advance(0);
		app.end();
		await world.clock.advance(10_000);
		expect(world.clock.timers).toBe(0);
	});

	it("connects when the part that rings is there, asks for it again, and keeps what was asked of it", async () => {
		const world = newWorld();
		let tries = 0;
		const voice = async () => {
			if (++tries === 1) throw new TypeError("no network");
			return world.env.voice();
		};
		const app = new App({ ...world.env, voice });
		void app.start();
		await world.clock.advance(0);
		expect(app.connection.value).toBe("connecting");
		expect(app.recorder.view.value).toEqual({ state: "idle" });
		const seen: string[] = [];
		effect(() => void seen.push(app.recorder.view.value.state));
		const asked = app.recorder.start(CONV, "voice");
		await world.clock.advance(5_000);
		expect(tries).toBe(2);
		expect(app.connection.value).toBe("online");
		expect(await asked).toEqual({ ok: true });
		expect(seen.at(-1)).toBe("recording");
		app.end();
	});
});
