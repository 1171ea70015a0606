import { beforeEach, describe, expect, it } from "vitest";
import { VirtualClock } from "../lib/virtualClock.ts";
import { FakeServer } from "../state/fakes.ts";
import { Socket, type SocketState } from "./socket.ts";

describe("socket", () => {
	let clock: VirtualClock;
	let server: FakeServer;
	let socket: Socket;
	let states: SocketState[];

	beforeEach(() => {
		clock = new VirtualClock();
		server = new FakeServer(clock);
		states = [];
		socket = new Socket({
			clock,
			random: () => 1,
			open: () => server.open(),
			token: async () => server.session,
			online: () => true,
			visible: () => true,
		});
		socket.states.on(state => states.push(state));
	});

	it("says hello, asks, and is answered", async () => {
		server.on("people.find", args => ({ users: [], echo: args.q }));
		socket.start();
		await clock.advance(0);
		expect(states).toEqual(["connecting", "online"]);
		const answer = socket.request("people.find", { q: "be" });
		await clock.advance(0);
		expect(await answer).toEqual({ ok: true, body: { users: [], echo: "be" } });
	});

	it("gives the server's names for what went wrong", async () => {
		server.on("call.start", () => ({ err: "rate_limited", retry_ms: 5000 }));
		socket.start();
		await clock.advance(0);
		const answer = socket.request("call.start", {});
		await clock.advance(0);
		expect(await answer).toEqual({ ok: false, code: "rate_limited", retryMs: 5000 });
	});

	it("comes back by itself and repeats what may be repeated", async () => {
		server.on("got", () => ({ silent: true }));
		server.on("invite.create", () => ({ silent: true }));
		socket.start();
		await clock.advance(0);
		const again = socket.request("got", { seq: 1 }, { again: true });
		const once = socket.request("invite.create", {});
		await clock.advance(10);
		server.on("got", () => ({}));
		server.cut();
		expect(await once).toEqual({ ok: false, code: "maybe" });
		await clock.advance(1000);
		expect(await again).toEqual({ ok: true, body: {} });
		expect(server.count("got")).toBe(2);
		expect(server.count("invite.create")).toBe(1);
		expect(states).toEqual(["connecting", "online", "offline", "connecting", "online"]);
	});

	it("sends what was asked before there was a line, once there is one", async () => {
		server.on("device.list", () => ({ devices: [] }));
		socket.start();
		const answer = socket.request("device.list", {}, { again: true });
		await clock.advance(0);
		expect(await answer).toEqual({ ok: true, body: { devices: [] } });
		expect(states).toEqual(["connecting", "online"]);
	});

	it("waits longer and longer while nobody is there, and not at all when the network is back", async () => {
		server.up = false;
		socket.start();
		await clock.advance(60_000);
		const tries = states.filter(state => state === "connecting").length;
		expect(tries).toBeGreaterThan(5);
		expect(tries).toBeLessThan(12);
		server.up = true;
		socket.networkChanged();
		await clock.advance(0);
		expect(socket.state).toBe("online");
	});

	it("refuses at once without a connection what cannot wait", async () => {
		expect(await socket.request("typing", {})).toEqual({ ok: false, code: "offline" });
	});

	it("notices a line that went dead without a word", async () => {
		socket.start();
		await clock.advance(0);
		server.on("visible", () => ({ silent: true }));
		await clock.advance(29_000);
		expect(socket.state).toBe("online");
		await clock.advance(11_100);
		expect(states).toContain("offline");
	});

	it("stops where another window took over, and goes on when asked", async () => {
		socket.start();
		await clock.advance(0);
		server.cut(4009);
		await clock.advance(60_000);
		expect(socket.state).toBe("elsewhere");
		socket.start();
		await clock.advance(0);
		expect(socket.state).toBe("online");
	});

	it("ends when the session was revoked", async () => {
		socket.start();
		await clock.advance(0);
		server.cut(4001);
		expect(socket.state).toBe("signedOut");
		await clock.advance(60_000);
		expect(socket.state).toBe("signedOut");
	});

	it("late answers are timeouts, and leave no timer behind", async () => {
		server.on("device.list", () => ({ silent: true }));
		socket.start();
		await clock.advance(0);
		const answer = socket.request("device.list", {}, { timeoutMs: 1000 });
		await clock.advance(1000);
		expect(await answer).toEqual({ ok: false, code: "timeout" });
		socket.stop();
		expect(clock.timers).toBe(0);
	});
});
