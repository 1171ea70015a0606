import { beforeEach, describe, expect, it } from "vitest";
import { Core } from "./core.ts";
import { DeviceKeys } from "./deviceKeys.ts";
import { newWorld, type World } from "./fakes.ts";

const TEXT = "aftertone media 1\nc\noffer\nsha-256 aa";

async function keysOf(world: World, device: number): Promise<{ keys: DeviceKeys; key: string; core: Core }> {
	const core = new Core(world.env);
	core.socket.start();
	await world.clock.advance(0);
	core.device.value = device;
	const keys = new DeviceKeys(core);
	const own = await keys.ready();
	return { keys, key: own?.publicKey ?? "", core };
}

describe("device keys", () => {
	let world: World;
	beforeEach(() => {
		world = newWorld();
	});

	it("are made once, told to the server, and cannot be taken out", async () => {
		const { keys, key } = await keysOf(world, 11);
		expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
		await world.clock.advance(0);
		expect(world.server.last("key.set")).toEqual({ key });
		const own = await keys.ready();
		await expect(crypto.subtle.exportKey("pkcs8", own!.privateKey)).rejects.toThrow();
		const later = await keysOf(world, 11);
		expect(later.key).toBe(key);
	});

	it("sign what the other side can verify, and nothing else", async () => {
		const a = await keysOf(world, 11);
		const sig = await a.keys.sign(TEXT);
		expect(sig).toMatch(/^[A-Za-z0-9_-]{86}$/);
		const b = await keysOf(newWorld(), 12);
		const of = { user: 1, device: 11, key: a.key, sig, text: TEXT };
		expect(await b.keys.judge({ ...of, text: `${TEXT}b` })).toBe("unverified");
		expect(await b.keys.judge({ ...of, sig: "" })).toBe("unverified");
		expect(await b.keys.judge({ ...of, key: null })).toBe("unverified");
		expect(await b.keys.judge({ ...of, key: b.key })).toBe("unverified");
		expect(await b.keys.judge(of)).toBe("new");
		expect(await b.keys.judge(of)).toBe("verified");
	});

	it("that change are said until they are confirmed", async () => {
		const a = await keysOf(world, 11);
		const b = await keysOf(newWorld(), 12);
		const other = await keysOf(newWorld(), 11);
		const of = { user: 1, device: 11, text: TEXT };
		const first = { ...of, key: a.key, sig: await a.keys.sign(TEXT) };
		const second = { ...of, key: other.key, sig: await other.keys.sign(TEXT) };
		expect(await b.keys.judge(first)).toBe("new");
		expect(await b.keys.judge(second)).toBe("changed");
		expect(await b.keys.judge(second)).toBe("changed");
		await b.keys.pin(1, 11, other.key);
		expect(await b.keys.judge(second)).toBe("verified");
		expect(await b.keys.judge(first)).toBe("changed");
	});

	it("give both sides the same thirty digits, and others others", async () => {
		const { keys } = await keysOf(world, 11);
		const code = await keys.safetyCode(["sha-256 aa"], ["sha-256 bb"]);
		expect(code).toMatch(/^(\d{5} ){5}\d{5}$/);
		expect(await keys.safetyCode(["sha-256 bb"], ["sha-256 aa"])).toBe(code);
		expect(await keys.safetyCode(["sha-256 bb"], ["sha-256 ac"])).not.toBe(code);
	});
});
