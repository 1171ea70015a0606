import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { BEN, CONV, ME, newWorld, type World } from "./fakes.ts";
import type { DisplayEntry, ThreadModel } from "./types/thread.ts";

const CARLA = 3;
const DAN = 4;
const GROUP = 9;

const member = (user: number, admin = false) => ({ user, admin });

function conv(over: object = {}): object {
	return {
		conv: GROUP,
		kind: "group",
		group: { name: "Garden", picture: null, members: [member(ME, true), member(BEN), member(CARLA)] },
		left: false,
		first_seq: 1,
		last_seq: 0,
		read: 0,
		unread: 0,
		last: null,
		...over,
	};
}

function text(seq: number, from: number, words = `text ${seq}`): object {
	return { conv: GROUP, seq, id: seq, from, device: 5, ts: 1000 + seq, kind: "text", body: { text: words } };
}

function change(seq: number, from: number, body: object): object {
	return { conv: GROUP, seq, id: seq, from, device: 5, ts: 1000 + seq, kind: "group", body };
}

const shown = (thread: ThreadModel) =>
	thread.entries.value.map((entry: DisplayEntry) => (entry.type === "text" ? entry.text : entry.type));

let world: World;
let app: App;
const log: Record<number, object> = {};

async function begin(convs: readonly object[] = [conv()]): Promise<void> {
	world.server.hello.convs = [{ conv: CONV, kind: "direct", with: BEN, last: null }, ...convs];
	app = new App(world.env);
	await app.start();
	await world.clock.advance(0);
}

beforeEach(() => {
	world = newWorld();
	for (const seq of Object.keys(log)) delete log[Number(seq)];
	world.server.hello.me = { id: ME, username: "ana", name: "Ana Lund" };
	world.server.hello.users = [
		{ id: ME, username: "ana", name: "Ana Lund", online: 1 },
		{ id: BEN, username: "ben", name: "Ben Okafor", online: 1 },
		{ id: CARLA, username: "carla", name: "Carla", online: 0, blocked: true },
	];
	world.server.on("log.get", args => {
		const all = Object.keys(log).map(Number);
		const picked =
			typeof args.after === "number"
				? all.filter(seq => seq > Number(args.after))
				: all.filter(seq => seq < Number(args.before)).slice(-Number(args.limit));
		return { entries: picked.map(seq => log[seq]), last_seq: Math.max(0, ...all) };
	});
});

async function arrive(entry: object): Promise<void> {
	log[(entry as { seq: number }).seq] = entry;
	world.server.event("entry", { entry });
	await world.clock.advance(0);
}

const row = () => app.chats.all.value.find(chat => chat.conv === GROUP);

async function open(): Promise<ThreadModel> {
	const thread = app.thread(GROUP);
	thread.setShown(true);
	await world.clock.advance(0);
	return thread;
}

describe("a group", () => {
	it("stands in the list by its name, with who wrote last", async () => {
		await begin();
		await arrive(text(1, BEN, "The beans are up"));
		expect(row()).toMatchObject({
			person: { name: "Garden" },
			group: { name: "Garden", picture: null, admin: true, left: false },
			unread: 1,
			last: { glyph: "text", text: "The beans are up", from: { name: "Ben Okafor" } },
		});
		await arrive(change(2, BEN, { did: "named", name: "Yard" }));
		expect(row()).toMatchObject({
			unread: 1,
			last: { glyph: "group", change: { did: "named", name: "Yard" } },
		});
	});

	it("has its members by name, me last, and its picture where the server keeps it", async () => {
		const picture = "ab".repeat(16);
		const members = [member(ME), member(CARLA, true), member(BEN)];
		await begin([conv({ group: { name: "Garden", picture, members } })]);
		const group = app.thread(GROUP).group.value;
		expect(group?.picture).toBe(`/picture/${picture}`);
		expect(group?.members.map(one => [one.person.name, one.me, one.admin])).toEqual([
			["Ben Okafor", false, false],
			["Carla", false, true],
			["Ana Lund", true, false],
		]);
		expect(group?.admin).toBe(false);
		expect(app.thread(CONV).group.value).toBeNull();
	});

	it("says of each entry whose it is; in a direct chat nobody has to", async () => {
		await begin();
		const thread = await open();
		await arrive(text(1, BEN));
		await arrive(text(2, CARLA));
		await arrive(text(3, ME));
		await arrive({ ...text(4, ME, "yes"), re: 1 });
		/* Who is blocked is heard in groups as ever. */
		expect(shown(thread)).toEqual(["text 1", "text 2", "text 3", "yes"]);
		expect(thread.entries.value.map(entry => entry.from?.name ?? null)).toEqual([
			"Ben Okafor",
			"Carla",
			null,
			null,
		]);
		expect(thread.entries.value[3]).toMatchObject({ answers: { from: { id: BEN }, mine: false } });
		const direct = { ...text(1, BEN), conv: CONV };
		world.server.event("entry", { entry: direct });
		app.thread(CONV).setShown(true);
		await world.clock.advance(0);
		expect(app.thread(CONV).entries.value).toMatchObject([{ type: "text", from: null }]);
	});

	it("shows what was done to it as lines, also who is new here", async () => {
		await begin();
		const thread = await open();
		await arrive(change(1, ME, { did: "created", users: [BEN, CARLA], name: "Garden" }));
		await arrive(change(2, BEN, { did: "added", users: [DAN, ME] }));
		expect(thread.entries.value).toMatchObject([
			{ type: "group", mine: true, change: { by: null, users: [{ id: BEN }, { id: CARLA }], withMe: false } },
			{
				type: "group",
				mine: false,
				change: { by: { id: BEN }, users: [{ id: DAN, name: "" }], withMe: true },
			},
		]);
		world.server.event("user", { user: { id: DAN, username: "dan", name: "Dan" } });
		await world.clock.advance(0);
		expect(thread.entries.value[1]).toMatchObject({ change: { users: [{ name: "Dan" }] } });
	});

	it("tells who is writing, each for themselves", async () => {
		await begin();
		const thread = await open();
		const names = () => thread.typing.value.map(person => person.name);
		world.server.event("typing", { conv: GROUP, user: BEN });
		await world.clock.advance(2_000);
		world.server.event("typing", { conv: GROUP, user: CARLA });
		await world.clock.advance(0);
		expect(names()).toEqual(["Ben Okafor", "Carla"]);
		expect(row()?.typing).toHaveLength(2);
		await arrive(text(1, CARLA));
		expect(names()).toEqual(["Ben Okafor"]);
		await world.clock.advance(3_100);
		expect(names()).toEqual([]);
	});

	it("reads as delivered and read when all have it", async () => {
		await begin();
		const thread = await open();
		await arrive(text(1, ME));
		const send = () => (thread.entries.value[0] as { send: string }).send;
		expect(send()).toBe("sent");
		world.server.event("receipt", { conv: GROUP, user: null, read: 0, delivered: 1 });
		await world.clock.advance(0);
		expect(send()).toBe("delivered");
		world.server.event("receipt", { conv: GROUP, user: null, read: 1, delivered: 1 });
		await world.clock.advance(0);
		expect(send()).toBe("read");
	});

	it("is found by its name and by who is in it", async () => {
		await begin();
		const found = (query: string) => {
			app.chats.setQuery(query);
			return app.chats.list.value.map(chat => chat.conv);
		};
		expect(found("gard")).toEqual([GROUP]);
		expect(found("oka").sort()).toEqual([CONV, GROUP]);
		expect(found("lund")).toEqual([]);
	});

	it("that I was added to is told, and that I am out", async () => {
		await begin([]);
		world.setVisible(false);
		const first = change(7, BEN, { did: "added", users: [ME] });
		log[7] = first;
		world.server.event("conv", { conv: conv({ first_seq: 7, last_seq: 7, last: first }) });
		world.server.event("entry", { entry: first });
		await world.clock.advance(0);
		expect(app.spoken.value).toBe("Ben Okafor added you to Garden");
		await arrive(text(8, CARLA));
		expect(world.notified.at(-1)).toEqual({ tag: `chat-${GROUP}`, title: "Message from Carla in Garden" });
		await arrive(change(9, BEN, { did: "added", users: [DAN] }));
		expect(world.notified.at(-1)?.title).toBe("Message from Carla in Garden");
		await arrive(change(10, BEN, { did: "removed", users: [ME] }));
		expect(world.notified.at(-1)?.title).toBe("Ben Okafor removed you from Garden");
	});

	it("begins where I was added, and has nothing older", async () => {
		for (let seq = 40; seq <= 42; seq++) log[seq] = text(seq, BEN);
		await begin([conv({ first_seq: 40, last_seq: 42, last: log[42] })]);
		const thread = await open();
		expect(shown(thread)).toEqual(["text 40", "text 41", "text 42"]);
		expect(thread.hasOlder.value).toBe(false);
		const asked = world.server.count("log.get");
		expect(await thread.loadOlder()).toEqual({ ok: true });
		expect(world.server.count("log.get")).toBe(asked);
	});

	it("I left stays readable, and begins anew when I am back", async () => {
		for (let seq = 1; seq <= 3; seq++) log[seq] = text(seq, BEN);
		await begin([conv({ last_seq: 3, last: log[3] })]);
		const thread = await open();
		world.server.event("conv", { conv: conv({ left: true, last_seq: 3, last: log[3] }) });
		await world.clock.advance(0);
		expect(thread.group.value?.left).toBe(true);
		expect(thread.notFound.value).toBe(false);
		expect(shown(thread)).toHaveLength(3);
		for (let seq = 1; seq <= 3; seq++) delete log[seq];
		const back = change(20, BEN, { did: "added", users: [ME] });
		log[20] = back;
		world.server.event("conv", { conv: conv({ first_seq: 20, last_seq: 20, last: back }) });
		await arrive(back);
		expect(thread.group.value?.left).toBe(false);
		expect(shown(thread)).toEqual(["group"]);
	});

	it("refuses what is written after I was removed, and says so", async () => {
		await begin();
		const thread = await open();
		world.server.on("msg.send", () => ({ err: "not_found" }));
		thread.sendText("too late");
		await world.clock.advance(0);
		expect(thread.entries.value).toMatchObject([{ send: "failed", failed: "not_found" }]);
	});

	it("takes a note; one that comes too late stays here to be saved", async () => {
		await begin();
		const thread = await open();
		await app.recorder.start(GROUP, "voice");
		await world.clock.advance(3_000);
		expect(app.recorder.view.value).toMatchObject({
			state: "recording",
			target: { name: "Garden", call: null },
		});
		world.server.on("rec.commit", () => ({ err: "not_found" }));
		await app.recorder.send();
		await world.clock.advance(2_000);
		expect(thread.entries.value).toMatchObject([
			{ type: "sending", sending: { state: "failed", failed: "not_found", canSave: true } },
		]);
	});
});

describe("making a group", () => {
	const cids = () => world.server.asked.filter(one => one.do === "group.create").map(one => one.args.cid);

	function comes(): void {
		world.server.on("group.create", () => {
			world.server.event("conv", { conv: conv() });
			return { conv: GROUP };
		});
	}

	it("asks once, gives it its picture, and says which chat it is", async () => {
		await begin([]);
		comes();
		const made = app.groups.create(" Garden ", [BEN, CARLA], new Uint8Array([0xff, 0xd8, 0xff]));
		await world.clock.advance(0);
		expect(await made).toEqual({ ok: true, conv: GROUP });
		expect(world.server.last("group.create")).toMatchObject({ name: "Garden", users: [BEN, CARLA] });
		expect(world.server.last("group.set")).toMatchObject({ conv: GROUP, picture: "_9j_" });
		expect(row()).toBeDefined();
		expect(await world.storage.get("kv", ["groups"])).toEqual([]);
	});

	it("asks again under the same cid when the line broke in between", async () => {
		await begin([]);
		world.server.on("group.create", () => ({ silent: true }));
		const made = app.groups.create("Garden", [BEN], null);
		await world.clock.advance(10);
		world.server.cut();
		comes();
		await world.clock.advance(2_000);
		expect(await made).toEqual({ ok: true, conv: GROUP });
		expect(cids()).toHaveLength(2);
		expect(cids()[0]).toBe(cids()[1]);
	});

	it("waits while the server cannot", async () => {
		await begin([]);
		world.server.on("group.create", () => ({ err: "busy" }));
		const made = app.groups.create("Garden", [BEN], null);
		await world.clock.advance(100);
		comes();
		await world.clock.advance(5_000);
		expect(await made).toEqual({ ok: true, conv: GROUP });
		expect(new Set(cids()).size).toBe(1);
	});

	it("is kept without a network, over a reload", async () => {
		await begin([]);
		world.setOnline(false);
		void app.groups.create("Garden", [BEN], new Uint8Array([0xff, 0xd8, 0xff]));
		await world.clock.advance(100);
		expect(cids()).toHaveLength(0);
		app.end();
		world = newWorld(world);
		world.server.up = true;
		comes();
		app = new App(world.env);
		await app.start();
		await world.clock.advance(1_000);
		expect(cids()).toHaveLength(1);
		expect(world.server.count("group.set")).toBe(1);
		expect(row()).toBeDefined();
		expect(await world.storage.get("kv", ["groups"])).toEqual([]);
	});

	it("that is refused says why, and is forgotten", async () => {
		await begin([]);
		world.server.on("group.create", () => ({ err: "too_large" }));
		const made = app.groups.create("Garden", [BEN], null);
		await world.clock.advance(0);
		expect(await made).toMatchObject({ ok: false, code: "too_large" });
		expect(app.toasts.value).toMatchObject([{ what: { type: "error", doing: "group", code: "too_large" } }]);
		expect(await world.storage.get("kv", ["groups"])).toEqual([]);
	});
});

describe("changing a group", () => {
	it("names each change, and repeats it under its name", async () => {
		await begin();
		world.server.on("group.add", () => ({ silent: true }));
		const added = app.groups.add(GROUP, [DAN]);
		await world.clock.advance(10);
		world.server.cut();
		world.server.on("group.add", () => ({ seq: 1, ts: 1 }));
		await world.clock.advance(2_000);
		expect(await added).toEqual({ ok: true });
		const asked = world.server.asked.filter(one => one.do === "group.add").map(one => one.args);
		expect(asked).toHaveLength(2);
		expect(asked[0]).toEqual(asked[1]);
		expect(asked[0]).toMatchObject({ conv: GROUP, users: [DAN] });
	});

	it("says what it does in the words of the wire", async () => {
		await begin();
		await app.groups.setName(GROUP, " Yard ");
		expect(world.server.last("group.set")).toMatchObject({ conv: GROUP, name: "Yard" });
		await app.groups.setPicture(GROUP, null);
		expect(world.server.last("group.set")).toMatchObject({ picture: "" });
		await app.groups.setAdmin(GROUP, BEN, true);
		expect(world.server.last("group.admin")).toMatchObject({ user: BEN, on: true });
		await app.groups.remove(GROUP, BEN);
		expect(world.server.last("group.remove")).toMatchObject({ user: BEN });
		await app.groups.leave(GROUP);
		expect(world.server.last("group.remove")).toMatchObject({ user: ME });
	});

	it("that failed is told", async () => {
		await begin();
		world.server.on("group.admin", () => ({ err: "conflict" }));
		expect(await app.groups.setAdmin(GROUP, BEN, false)).toMatchObject({ code: "conflict" });
		expect(app.toasts.value).toMatchObject([{ what: { type: "error", doing: "group" } }]);
		expect(await app.groups.shrink(new Blob(["x"], { type: "text/plain" }))).toMatchObject({ ok: false });
		expect(app.toasts.value.at(-1)).toMatchObject({ what: { doing: "picture", code: "unsupported" } });
	});
});
