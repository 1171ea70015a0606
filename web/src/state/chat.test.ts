import { beforeEach, describe, expect, it } from "vitest";
import { App } from "./app.ts";
import { callList } from "./callList.ts";
import { BEN, CONV, ME, newWorld, type World } from "./fakes.ts";
import type { DisplayEntry, ThreadModel } from "./types/thread.ts";

const CALL = "c0".repeat(16);

function text(seq: number, from = BEN, body = `text ${seq}`): object {
	return { conv: CONV, seq, id: seq, from, device: 5, ts: 1000 + seq, kind: "text", body: { text: body } };
}

function missed(seq: number, call = CALL, extra: object = {}): object {
	const body = { kind: "voice", outcome: "no_answer", by: BEN, rang: true, started: 900 + seq, ...extra };
	return { conv: CONV, seq, id: seq, from: BEN, device: 5, ts: 1000 + seq, kind: "call", call, body };
}

function note(seq: number, call: string | null = CALL, from = BEN): object {
	const body = {
		kind: "voice",
		blob: "b".repeat(32),
		mime: "audio/mp4",
		bytes: 9,
		duration_ms: 23_000,
		peaks: [],
	};
	return { conv: CONV, seq, id: seq, from, device: 5, ts: 1000 + seq, kind: "note", call, body };
}

const shown = (thread: ThreadModel) =>
	thread.entries.value.map((entry: DisplayEntry) => (entry.type === "text" ? entry.text : entry.type));

describe("the thread", () => {
	let world: World;
	let app: App;
	let thread: ThreadModel;

	const log: Record<number, object> = {};

	async function begin(last = 0): Promise<void> {
		world.server.hello.convs = [
			{
				conv: CONV,
				kind: "direct",
				with: BEN,
				last_seq: last,
				unread: last,
				read: 0,
				last: log[last] ?? null,
			},
		];
		app = new App(world.env);
		await app.start();
		await world.clock.advance(0);
		thread = app.thread(CONV);
	}

	beforeEach(() => {
		world = newWorld();
		for (const seq of Object.keys(log)) delete log[Number(seq)];
		world.server.on("log.get", args => {
			const seqs = Object.keys(log).map(Number);
			const limit = Number(args.limit);
			const picked =
				typeof args.after === "number"
					? seqs.filter(seq => seq > Number(args.after)).slice(0, limit)
					: seqs.filter(seq => seq < Number(args.before)).slice(-limit);
			return { entries: picked.map(seq => log[seq]), last_seq: Math.max(0, ...seqs) };
		});
	});

	const fill = (from: number, to: number) => {
		for (let seq = from; seq <= to; seq++) log[seq] = text(seq);
	};

	const arrive = (entry: object) => {
		log[(entry as { seq: number }).seq] = entry;
		world.server.event("entry", { entry });
	};

	it("says on which device a call was answered, except on that device", async () => {
		const answered = { outcome: "answered", duration_ms: 5_000 };
		log[1] = missed(1, CALL, { ...answered, device: "Laptop", device_id: 12 });
		log[2] = missed(2, "d1".repeat(16), { ...answered, device: "Phone", device_id: 11 });
		await begin(2);
		thread.setShown(true);
		await world.clock.advance(10);
		expect(thread.entries.value).toMatchObject([{ device: "Laptop" }, { device: null }]);
	});

	it("knows calls, what was missed and what is unheard of chats that nobody has opened here", async () => {
		Object.assign(log, { 1: missed(1), 2: note(2), 3: text(3) });
		const conv = {
			conv: CONV,
			kind: "direct",
			with: BEN,
			last_seq: 3,
			read: 3,
			delivered: 3,
			unread: 0,
			last: log[3],
		};
		world.server.hello.convs = [conv];
		app = new App(world.env);
		await app.start();
		await world.clock.advance(0);
		expect(callList(app)).toMatchObject([{ entry: { missed: true, note: { durationMs: 23_000 } } }]);
		expect(app.chats.all.value).toMatchObject([{ unheard: true, missed: true, last: { glyph: "text" } }]);
		expect(world.server.last("read")).toBeUndefined();
	});

	it("loads the newest page, then older ones", async () => {
		fill(1, 120);
		await begin(120);
		thread.setShown(true);
		await world.clock.advance(0);
		expect(shown(thread)).toHaveLength(50);
		expect(shown(thread).at(-1)).toBe("text 120");
		expect(thread.hasOlder.value).toBe(true);
		await thread.loadOlder();
		await thread.loadOlder();
		expect(shown(thread)[0]).toBe("text 1");
		expect(shown(thread)).toHaveLength(120);
		expect(thread.hasOlder.value).toBe(false);
		expect(world.server.last("got")).toEqual({ conv: CONV, seq: 120 });
		expect(world.server.last("read")).toEqual({ conv: CONV, seq: 120 });
	});

	it("asks for what is missing instead of skipping it", async () => {
		fill(1, 3);
		await begin(3);
		thread.setShown(true);
		await world.clock.advance(0);
		fill(4, 9);
		world.server.event("entry", { entry: log[9] });
		await world.clock.advance(0);
		expect(shown(thread)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(seq => `text ${seq}`));
		world.server.event("entry", { entry: log[9] });
		await world.clock.advance(0);
		expect(shown(thread)).toHaveLength(9);
	});

	it("catches up in pages after a week away", async () => {
		fill(1, 10);
		await begin(10);
		thread.setShown(true);
		await world.clock.advance(0);
		world.server.cut();
		fill(11, 700);
		world.server.hello.convs = [{ conv: CONV, kind: "direct", with: BEN, last_seq: 700, last: log[700] }];
		await world.clock.advance(1000);
		expect(shown(thread)).toHaveLength(700);
		expect(world.server.last("got")).toEqual({ conv: CONV, seq: 700 });
	});

	it("starts from what was kept when there is no network", async () => {
		fill(1, 5);
		await begin(5);
		thread.setShown(true);
		await world.clock.advance(0);
		app.end();
		const later = newWorld(world);
		later.server.up = false;
		later.server.session = { ok: false, code: "offline" };
		const again = new App({ ...later.env, http: offlineHttp(later) });
		await again.start();
		await later.clock.advance(100);
		expect(again.session.value).toMatchObject({ state: "signedIn", me: { name: "Ana" } });
		again.thread(CONV).setShown(true);
		await later.clock.advance(0);
		expect(shown(again.thread(CONV))).toHaveLength(5);
		expect(again.chats.list.value[0]).toMatchObject({ person: { name: "Ben" } });
	});

	it("shows a note and its missed call as one entry, and a badge of one", async () => {
		await begin();
		arrive(missed(1));
		await world.clock.advance(0);
		expect(app.chats.all.value[0]).toMatchObject({ unread: 1, missed: true, unheard: false });
		arrive(note(2));
		await world.clock.advance(0);
		expect(app.chats.all.value[0]).toMatchObject({
			unread: 1,
			missed: true,
			unheard: true,
			last: { glyph: "voiceNote" },
		});
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value).toHaveLength(1);
		expect(thread.entries.value[0]).toMatchObject({
			type: "call",
			missed: true,
			outcome: "no_answer",
			note: { seq: 2, durationMs: 23_000, played: false, src: `/media/${"b".repeat(32)}` },
		});
		expect(app.chats.all.value[0]?.unread).toBe(0);
	});

	it("keeps the call when its note is deleted", async () => {
		await begin();
		arrive(missed(1));
		arrive(note(2));
		arrive({ conv: CONV, seq: 3, id: 3, from: BEN, device: 5, ts: 1003, kind: "delete", re: 2, body: {} });
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value).toHaveLength(1);
		expect(thread.entries.value[0]).toMatchObject({ type: "call", note: null, noteDeleted: true });
		expect(app.chats.all.value[0]).toMatchObject({ unheard: false });
	});

	it("believes the last amendment of a call", async () => {
		await begin();
		arrive(missed(1));
		const amend = { ...missed(2, CALL, { outcome: "answered" }), kind: "amend", re: 1 };
		arrive(amend);
		arrive({ ...missed(3, CALL, { outcome: "answered", duration_ms: 5000 }), kind: "amend", re: 1 });
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value).toHaveLength(1);
		expect(thread.entries.value[0]).toMatchObject({ outcome: "answered", missed: false, durationMs: 5000 });
	});

	it("makes one line of a storm of calls, with the note of the last", async () => {
		await begin();
		for (let seq = 1; seq <= 10; seq++) arrive(missed(seq, seq.toString(16).padStart(32, "0")));
		arrive(note(11, "a".padStart(32, "0")));
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value).toHaveLength(1);
		expect(thread.entries.value[0]).toMatchObject({ repeats: 9, note: { seq: 11 } });
	});

	it("counts missed calls of a storm as one line, however each of them ended", async () => {
		await begin();
		const outcomes = ["no_answer", "cancelled", "unreachable", "busy"];
		for (const [i, outcome] of outcomes.entries())
			arrive(missed(i + 1, `${i}`.padStart(32, "0"), { outcome }));
		arrive(missed(5, "9".padStart(32, "0"), { outcome: "declined" }));
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value).toMatchObject([{ repeats: 3, outcome: "busy" }, { outcome: "declined" }]);
	});

	it("sends a text at once, and once", async () => {
		await begin();
		thread.setShown(true);
		await world.clock.advance(0);
		world.server.on("msg.send", args => ({ seq: 1, ts: 5, echo: args }));
		thread.setDraftText("Hello");
		thread.sendText(" Hello ");
		expect(thread.draftText.value).toBe("");
		expect(thread.entries.value[0]).toMatchObject({ text: "Hello", send: "sending", mine: true });
		const key = thread.entries.value[0]?.key;
		await world.clock.advance(0);
		expect(thread.entries.value).toHaveLength(1);
		expect(thread.entries.value[0]).toMatchObject({ text: "Hello", send: "sent", seq: 1, key });
		world.server.event("receipt", { conv: CONV, user: BEN, read: 0, delivered: 1 });
		await world.clock.advance(0);
		expect(thread.entries.value[0]).toMatchObject({ send: "delivered" });
		world.server.event("receipt", { conv: CONV, user: BEN, read: 1, delivered: 1 });
		await world.clock.advance(0);
		expect(thread.entries.value[0]).toMatchObject({ send: "read" });
	});

	it("keeps texts over a reload and sends them again under the same name", async () => {
		await begin();
		world.setOnline(false);
		thread.sendText("one");
		thread.sendText("two");
		await world.clock.advance(100);
		expect(thread.entries.value.map(entry => entry.key)).toHaveLength(2);
		app.end();
		const later = newWorld(world);
		later.server.up = true;
		let seq = 0;
		later.server.on("msg.send", () => ({ seq: ++seq, ts: 5 }));
		app = new App(later.env);
		await app.start();
		app.thread(CONV).setShown(true);
		await later.clock.advance(1000);
		const sent = later.server.asked.filter(one => one.do === "msg.send").map(one => one.args);
		expect(sent.map(args => args.text)).toEqual(["one", "two"]);
		expect(Number(sent[1]?.cid)).toBeGreaterThan(Number(sent[0]?.cid));
		expect(shown(app.thread(CONV))).toEqual(["one", "two"]);
		expect(await later.storage.list("texts", [])).toEqual([]);
	});

	it("repeats a text whose answer was lost, under the same cid", async () => {
		await begin();
		world.server.on("msg.send", () => ({ silent: true }));
		thread.sendText("Hello");
		await world.clock.advance(10);
		world.server.cut();
		world.server.on("msg.send", () => ({ seq: 1, ts: 5 }));
		await world.clock.advance(1000);
		const cids = world.server.asked.filter(one => one.do === "msg.send").map(one => one.args.cid);
		expect(cids).toHaveLength(2);
		expect(cids[0]).toBe(cids[1]);
		thread.setShown(true);
		await world.clock.advance(0);
		expect(shown(thread)).toEqual(["Hello"]);
	});

	it("says why a text failed, and takes it up again", async () => {
		await begin();
		world.server.on("msg.send", () => ({ err: "not_found" }));
		thread.sendText("Hello");
		await world.clock.advance(0);
		expect(thread.entries.value[0]).toMatchObject({ send: "failed", failed: "not_found" });
		world.server.on("msg.send", () => ({ seq: 1, ts: 5 }));
		thread.retryText(thread.entries.value[0]?.key ?? "");
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value[0]).toMatchObject({ send: "sent" });
	});

	it("keeps what was being written, and shows who writes", async () => {
		await begin();
		thread.setDraftText("half a th");
		await world.clock.advance(400);
		expect(world.kept.get(`draft.${CONV}`)).toBe("half a th");
		expect(world.server.count("typing")).toBe(1);
		world.server.event("typing", { conv: CONV, user: BEN });
		await world.clock.advance(0);
		expect(thread.typing.value).toMatchObject([{ name: "Ben" }]);
		expect(app.chats.all.value[0]).toMatchObject({ typing: [{ name: "Ben" }], draftText: "half a th" });
		await world.clock.advance(6000);
		expect(thread.typing.value).toEqual([]);
	});

	it("notifies once for a missed call and its note", async () => {
		await begin();
		world.setVisible(false);
		arrive(missed(1));
		arrive(note(2));
		await world.clock.advance(0);
		expect(world.notified.map(one => one.tag)).toEqual([`call-${CALL}`, `call-${CALL}`]);
		expect(app.spoken.value).toBe("Missed voice call from Ben, note 23000");
	});

	it("says once what came while the device was away: the call and its note together, without a ring", async () => {
		await begin();
		world.setVisible(false);
		world.setOnline(false);
		log[1] = missed(1);
		log[2] = note(2);
		world.server.hello.convs = [
			{ conv: CONV, kind: "direct", with: BEN, last_seq: 2, unread: 1, read: 0, last: log[2] },
		];
		world.setOnline(true);
		await world.clock.advance(2_000);
		expect(world.sounds).toEqual([]);
		expect(new Set(world.notified.map(one => one.tag))).toEqual(new Set([`call-${CALL}`]));
		expect(app.chats.all.value[0]).toMatchObject({ unread: 1, missed: true, unheard: true });
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value).toHaveLength(1);
	});

	it("notes that both left for each other stand with their own calls", async () => {
		await begin();
		const other = "5a".repeat(16);
		arrive(missed(1));
		arrive({ ...missed(2, other, { by: ME }), from: ME });
		arrive(note(3));
		arrive({ ...note(4, other), from: ME });
		thread.setShown(true);
		await world.clock.advance(0);
		expect(thread.entries.value).toMatchObject([
			{ type: "call", mine: false, missed: true, note: { seq: 3 } },
			{ type: "call", mine: true, missed: false, note: { seq: 4 } },
		]);
	});

	it("does not count what is being looked at, nor what I wrote elsewhere", async () => {
		await begin();
		thread.setShown(true);
		await world.clock.advance(0);
		arrive(text(1));
		arrive(text(2, ME));
		await world.clock.advance(0);
		expect(app.chats.unreadTotal.value).toBe(0);
		world.setVisible(false);
		arrive(text(3));
		await world.clock.advance(0);
		expect(app.chats.unreadTotal.value).toBe(1);
		world.setVisible(true);
		await world.clock.advance(0);
		expect(app.chats.unreadTotal.value).toBe(0);
	});

	it("finds chats by the beginnings of names", async () => {
		await begin();
		app.chats.setQuery("be");
		expect(app.chats.list.value).toHaveLength(1);
		app.chats.setQuery("en");
		expect(app.chats.list.value).toHaveLength(0);
	});
});

function offlineHttp(world: World): World["env"]["http"] {
	const { http } = world.env;
	return Object.assign(Object.create(http), {
		session: async () => ({ ok: false, code: "offline" }),
		about: async () => ({ ok: false, code: "offline" }),
	});
}
