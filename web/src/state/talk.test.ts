import { beforeEach, describe, expect, it } from "vitest";
import { answersTo, foretold, markAnswer, sessionOf, signedText } from "../media/sdp.ts";
import { App } from "./app.ts";
import { BEN, CONV, ME, newWorld, type World } from "./fakes.ts";
import { fakeOffer, fakeSdp } from "./talkFakes.ts";

const CALL = "c0".repeat(16);
const THEIR_KEY = "theirkey";

describe("the media of a call", () => {
	let world: World;
	let app: App;
	let rev = 0;
	let legs = 0;
	let offerer = true;
	let theirDevice = 22;
	let openFails = 0;

	beforeEach(async () => {
		world = newWorld();
		rev = 0;
		legs = 0;
		offerer = true;
		theirDevice = 22;
		openFails = 0;
		world.server.on("media.open", args => {
			if (openFails-- > 0) return { err: "unavailable", retry_ms: 200 };
			if (args.fresh === true || legs === 0) legs++;
			return {
				leg: { ufrag: `u${legs}`, pwd: "p", candidates: [{ proto: "udp", addr: "127.0.0.1", port: 9 }] },
				offerer,
				peer: { user: BEN, device: theirDevice, key: THEIR_KEY },
			};
		});
		app = new App(world.env);
		await app.start();
		await world.clock.advance(1_000);
	});

	async function tell(state: string, extra: object = {}): Promise<void> {
		const started = world.clock.now();
		world.server.event("call", {
			call: {
				call: CALL,
				conv: CONV,
				kind: "voice",
				from: ME,
				to: BEN,
				state,
				started,
				mine: true,
				rev: ++rev,
				...extra,
			},
		});
		await world.clock.advance(0);
	}

	async function answered(extra: object = {}): Promise<void> {
		await tell("answered", { answered: world.clock.now(), answered_by: BEN, ...extra });
	}

	async function signal(kind: "offer" | "answer", sdp: string, over: object = {}): Promise<void> {
		const sig = `${THEIR_KEY} ${signedText(CALL, kind, sdp).length}`;
		world.server.event("media.signal", { call: CALL, device: 22, kind, sdp, sig, ...over });
		await world.clock.advance(0);
	}

	const myOffer = () => String(world.server.last("media.signal")?.sdp);
	const theirAnswer = (name = "theirs") => markAnswer(fakeSdp(name, name), myOffer());
	const peer = () => world.talk.last!;

	async function connected(): Promise<void> {
		await answered();
		await signal("answer", theirAnswer());
		peer().become("connected");
	}

	it("begins when the call is answered, not before", async () => {
		await tell("ringing");
		await world.clock.advance(3_000);
		expect(world.talk.peers).toHaveLength(0);
		expect(world.server.count("media.open")).toBe(0);
		await answered();
		expect(world.server.last("media.open")).toEqual({ call: CALL, fresh: false });
		expect(peer().done).toEqual(["offer"]);
		expect(peer().sent.get("audio")).toBeTruthy();
		expect(world.server.last("media.signal")).toMatchObject({ call: CALL, kind: "offer" });
		expect(app.talk.view.value).toMatchObject({ link: "connecting", trust: "checking", safetyCode: null });
	});

	it("connects as the one who called", async () => {
		await connected();
		expect(peer().places[0]).toMatchObject({ ufrag: "u1" });
		expect(app.talk.view.value).toMatchObject({ link: "connected", trust: "verified" });
		expect(app.talk.view.value?.safetyCode).toBe("sha-256 mine-1 sha-256 theirs");
		await world.clock.advance(2_000);
		expect(app.talk.view.value?.quality).toBe("good");
	});

	it("connects as the one who was called", async () => {
		offerer = false;
		await answered({ from: BEN, to: ME, answered_by: ME });
		expect(peer().done).toEqual([]);
		await signal("offer", fakeSdp("77", "theirs"));
		expect(peer().done).toEqual(["answer"]);
		const said = world.server.last("media.signal");
		expect(said).toMatchObject({ kind: "answer" });
		expect(answersTo(String(said?.sdp))).toBe("77");
		/* The same once more: the answer was lost. */
		await signal("offer", fakeSdp("77", "theirs"));
		expect(world.server.count("media.signal")).toBe(2);
		expect(world.talk.peers).toHaveLength(1);
	});

	it("waits while the media role restarts", async () => {
		openFails = 3;
		await answered();
		expect(world.server.count("media.signal")).toBe(0);
		await world.clock.advance(700);
		expect(peer().done).toEqual(["offer"]);
		expect(world.server.count("media.signal")).toBe(1);
	});

	it("is mended alone when the server hints: a fresh leg, their old answer", async () => {
		await connected();
		const said = world.server.count("media.signal");
		world.server.event("media.hint", { call: CALL, why: "restarted" });
		await world.clock.advance(0);
		expect(world.server.last("media.open")).toEqual({ call: CALL, fresh: true });
		expect(peer().done).toEqual(["offer", "accept", "offer restart", "accept"]);
		expect(peer().places.at(-1)).toMatchObject({ ufrag: "u2" });
		expect(world.server.count("media.signal")).toBe(said);
		expect(world.talk.peers).toHaveLength(1);
	});

	it("is mended when nothing comes for two seconds, and says so", async () => {
		await connected();
		peer().become("disconnected");
		await world.clock.advance(1_900);
		expect(app.talk.view.value?.link).toBe("connected");
		expect(peer().done).toHaveLength(2);
		await world.clock.advance(200);
		expect(app.talk.view.value).toMatchObject({ link: "reconnecting", quality: null });
		expect(peer().done.slice(2)).toEqual(["offer restart", "accept"]);
		peer().become("connected");
		expect(app.talk.view.value?.link).toBe("connected");
	});

	it("looks for another path alone when no voice comes any more, once, and does not wait for the server", async () => {
		await connected();
		peer().silent = 700;
		await world.clock.advance(1_000);
		expect(peer().done).toHaveLength(2);
		const [opened, asked] = [world.server.count("media.open"), world.server.count("visible")];
		peer().silent = 900;
		await world.clock.advance(250);
		expect(peer().done.slice(2)).toEqual(["offer restart", "accept"]);
		expect(peer().places.at(-1)).toMatchObject({ ufrag: "u1", turn: 1 });
		expect(world.server.count("media.open")).toBe(opened);
		/* The line to the server goes the same way: it is asked whether it lives. */
		expect(world.server.count("visible")).toBe(asked + 1);
		peer().silent = 5_000;
		await world.clock.advance(1_000);
		expect(peer().done).toHaveLength(4);
		peer().silent = 0;
		await world.clock.advance(1_000);
		peer().silent = 900;
		await world.clock.advance(250);
		expect(peer().places.at(-1)).toMatchObject({ turn: 2 });
		expect(app.talk.view.value?.link).toBe("connected");
	});

	it("that comes back by itself is left alone", async () => {
		await connected();
		peer().become("disconnected");
		await world.clock.advance(1_000);
		peer().become("connected");
		await world.clock.advance(10_000);
		expect(peer().done).toEqual(["offer", "accept"]);
	});

	it("that cannot be mended is built anew", async () => {
		await connected();
		peer().become("failed");
		await world.clock.advance(0);
		expect(peer().done.slice(2)).toEqual(["offer restart", "accept"]);
		await world.clock.advance(6_000);
		expect(peer().done.slice(4)).toEqual(["offer restart", "accept"]);
		await world.clock.advance(6_000);
		expect(world.talk.peers).toHaveLength(2);
		expect(world.talk.peers[0]?.closed).toBe(true);
		expect(peer().sent.get("audio")).toBeTruthy();
	});

	it("follows the other to another page or device", async () => {
		await connected();
		await signal("answer", theirAnswer("other page"));
		expect(world.talk.peers).toHaveLength(2);
		expect(peer().done).toEqual(["offer"]);
		/* Late, to an offer that is no more. */
		await signal("answer", markAnswer(fakeSdp("late", "late"), fakeSdp("mine-1", "mine-1")));
		expect(peer().done).toEqual(["offer"]);
		await signal("answer", theirAnswer("other page again"));
		expect(peer().done).toEqual(["offer", "accept"]);
		expect(app.talk.view.value?.safetyCode).toBe("sha-256 mine-2 sha-256 other page again");
	});

	it("offers anew when the other goes on at another device", async () => {
		await connected();
		theirDevice = 23;
		world.server.event("media.hint", { call: CALL, why: "moved" });
		await world.clock.advance(0);
		expect(world.talk.peers).toHaveLength(2);
		expect(peer().done).toEqual(["offer"]);
		await signal("answer", theirAnswer("laptop"), { device: 23 });
		expect(peer().done).toEqual(["offer", "accept"]);
		expect(app.talk.view.value?.trust).toBe("verified");
	});

	it("waits for an offer when the one who called goes on at another device", async () => {
		offerer = false;
		await answered({ from: BEN, to: ME, answered_by: ME });
		await signal("offer", fakeSdp("77", "theirs"));
		theirDevice = 23;
		world.server.event("media.hint", { call: CALL, why: "moved" });
		await world.clock.advance(0);
		expect(world.talk.peers[0]?.closed).toBe(true);
		await signal("offer", fakeSdp("78", "laptop"), { device: 23 });
		expect(peer().done).toEqual(["answer"]);
		expect(app.talk.view.value?.safetyCode).toContain("laptop");
	});

	it("warns when a signature is missing or wrong", async () => {
		await answered();
		await signal("answer", theirAnswer(), { sig: "" });
		expect(app.talk.view.value?.trust).toBe("unverified");
	});

	it("survives the line to the server, and a server that starts anew", async () => {
		await connected();
		world.server.hello.calls = [
			{ call: CALL, conv: CONV, kind: "voice", from: ME, to: BEN, state: "answered", mine: true, rev: ++rev },
		];
		world.server.cut();
		await world.clock.advance(2_000);
		expect(world.talk.peers).toHaveLength(1);
		expect(peer().done).toEqual(["offer", "accept"]);
		legs = 5;
		world.server.cut();
		await world.clock.advance(2_000);
		expect(peer().done.slice(2)).toEqual(["offer restart", "accept"]);
		expect(peer().places.at(-1)).toMatchObject({ ufrag: "u5" });
	});

	it("ends everything with the call", async () => {
		await connected();
		void app.talk.setScreen(true);
		await world.clock.advance(0);
		expect(world.talk.open).toEqual(["microphone", "screen"]);
		expect(world.talk.awake).toBe(1);
		const { timers } = world.clock;
		void app.talk.leave();
		await world.clock.advance(0);
		expect(app.talk.view.value).toBeNull();
		expect(world.talk.open).toEqual([]);
		expect(world.talk.awake).toBe(0);
		expect(world.talk.peers.every(one => one.closed)).toBe(true);
		expect(world.talk.sinks.every(one => one.closed)).toBe(true);
		expect(world.clock.timers).toBeLessThan(timers);
		expect(world.server.last("call.leave")).toEqual({ call: CALL });
	});

	it("never connected: fails, and the caller may leave a note", async () => {
		await answered();
		await world.clock.advance(15_100);
		expect(world.server.last("call.leave")).toEqual({ call: CALL, failed: true });
		expect(app.talk.view.value).toBeNull();
		expect(app.calls.outgoing.value?.phase).toMatchObject({
			name: "unanswered",
			outcome: "failed",
			prompt: "main",
		});
		await tell("ended", { outcome: "answered", ended: world.clock.now() });
		expect(app.calls.outgoing.value?.phase).toMatchObject({ outcome: "failed" });
		expect(world.talk.open).toEqual([]);
		void app.calls.leaveNote();
		await world.clock.advance(500);
		expect(app.recorder.view.value).toMatchObject({ state: "recording", target: { call: CALL } });
	});

	it("never connected: who was called is told", async () => {
		offerer = false;
		await answered({ from: BEN, to: ME, answered_by: ME });
		await world.clock.advance(15_100);
		expect(app.calls.outgoing.value).toBeNull();
		expect(app.toasts.value.at(-1)?.what).toMatchObject({ type: "error", doing: "call" });
	});

	it("failed at the other end: the caller may leave a note, once", async () => {
		await answered();
		await world.clock.advance(3_000);
		await tell("ended", { outcome: "failed", ended: world.clock.now() });
		expect(app.talk.view.value).toBeNull();
		expect(world.talk.open).toEqual([]);
		expect(app.calls.outgoing.value?.phase).toMatchObject({ outcome: "failed", prompt: "main" });
		await world.clock.advance(20_000);
		expect(world.server.last("call.leave")).toBeUndefined();
	});

	it("failed at the other end: who was called is told", async () => {
		offerer = false;
		await answered({ from: BEN, to: ME, answered_by: ME });
		await tell("ended", { from: BEN, to: ME, outcome: "failed", ended: world.clock.now() });
		expect(app.calls.outgoing.value).toBeNull();
		expect(app.toasts.value.at(-1)?.what).toMatchObject({ type: "error", doing: "call" });
	});

	it("became a video call before this page knew: no camera goes on by itself", async () => {
		await answered({ turned: true });
		peer().become("connected");
		await world.clock.advance(0);
		expect(app.talk.view.value).toMatchObject({ kind: "video", mine: { camera: false } });
		expect(world.talk.open).toEqual(["microphone"]);
	});

	it("mutes without closing, and lets a held key through", async () => {
		await connected();
		const track = world.talk.captures[0]!.track;
		app.talk.setMuted(true);
		await world.clock.advance(0);
		expect(track.enabled).toBe(false);
		expect(world.server.last("media.state")).toEqual({
			call: CALL,
			muted: true,
			camera: false,
			screen: false,
		});
		app.talk.talkThrough(true);
		expect(track.enabled).toBe(true);
		app.talk.talkThrough(false);
		expect(track.enabled).toBe(false);
		app.talk.setMuted(false);
		expect(track.enabled).toBe(true);
		expect(world.talk.open).toEqual(["microphone"]);
	});

	it("becomes a video call when the other agrees", async () => {
		await connected();
		void app.talk.setCamera(true);
		await world.clock.advance(0);
		expect(world.server.last("media.ask")).toEqual({ call: CALL, yes: null });
		expect(app.talk.view.value).toMatchObject({ ask: "asked", kind: "voice" });
		expect(world.talk.open).toEqual(["microphone"]);
		world.server.event("media.ask", { call: CALL, user: BEN, yes: true });
		await world.clock.advance(0);
		expect(app.talk.view.value).toMatchObject({ ask: "none", kind: "video", mine: { camera: true } });
		expect(peer().sent.get("camera")).toBeTruthy();
		void app.talk.setCamera(false);
		await world.clock.advance(0);
		expect(peer().sent.get("camera")).toBeNull();
		expect(world.talk.open).toEqual(["microphone"]);
	});

	it("stays a voice call when the other would rather not, or says nothing", async () => {
		await connected();
		void app.talk.setCamera(true);
		await world.clock.advance(0);
		world.server.event("media.ask", { call: CALL, user: BEN, yes: false });
		await world.clock.advance(0);
		expect(app.talk.view.value).toMatchObject({ ask: "refused", kind: "voice" });
		await world.clock.advance(6_100);
		expect(app.talk.view.value?.ask).toBe("none");
		void app.talk.setCamera(true);
		await world.clock.advance(30_100);
		expect(app.talk.view.value).toMatchObject({ ask: "none", kind: "voice" });
		expect(world.talk.open).toEqual(["microphone"]);
	});

	it("asks me, and I may only watch", async () => {
		await connected();
		world.server.event("media.ask", { call: CALL, user: BEN, yes: null });
		await world.clock.advance(0);
		expect(app.talk.view.value?.ask).toBe("asks");
		void app.talk.reply("watch");
		await world.clock.advance(0);
		expect(world.server.last("media.ask")).toEqual({ call: CALL, yes: true });
		expect(app.talk.view.value).toMatchObject({ kind: "video", mine: { camera: false } });
	});

	it("is not heard while a note is recorded, pauses included, and is heard again after", async () => {
		await answered();
		void app.recorder.start(CONV, "voice");
		await world.clock.advance(2_000);
		app.recorder.pause();
		app.talk.setMuted(false);
		await world.clock.advance(100);
		expect(app.talk.view.value).toMatchObject({ recording: true, mine: { muted: true } });
		expect(world.server.last("media.state")?.muted).toBe(true);
		await app.recorder.discard();
		await world.clock.advance(100);
		expect(app.talk.view.value).toMatchObject({ recording: false, mine: { muted: false } });
		expect(world.server.last("media.state")?.muted).toBe(false);
	});

	it("without a microphone goes on, and says why nobody hears me", async () => {
		world.talk.refuse = "denied";
		await answered();
		expect(app.talk.view.value).toMatchObject({ microphone: "denied", mine: { muted: true } });
		world.talk.refuse = null;
		app.settings.set("microphone", "m2");
		await world.clock.advance(0);
		expect(app.talk.view.value).toMatchObject({ microphone: null, mine: { muted: false } });
	});

	it("takes another microphone when this one is unplugged", async () => {
		await connected();
		world.talk.captures[0]?.onEnded?.();
		await world.clock.advance(0);
		expect(world.talk.open).toEqual(["microphone"]);
		expect(peer().sent.get("audio")).toBe(world.talk.captures[1]?.track);
	});

	it("asks for the microphone while it rings, and gives it back when nobody answers", async () => {
		world.talk.granted = false;
		world.server.on("call.start", args => ({
			call: {
				call: args.call,
				conv: CONV,
				kind: "voice",
				from: ME,
				to: BEN,
				state: "reaching",
				mine: true,
				rev: ++rev,
			},
		}));
		void app.calls.start(CONV, "voice");
		await world.clock.advance(10);
		expect(world.talk.open).toEqual(["microphone"]);
		expect(peer().done).toEqual(["draft"]);
		expect(peer().sent.size).toBe(0);
		expect(world.server.asked.filter(one => one.do.startsWith("media."))).toEqual([]);
		await app.calls.cancel();
		await world.clock.advance(10);
		expect(world.talk.open).toEqual([]);
		expect(world.talk.peers.map(one => one.closed)).toEqual([true]);
		expect(world.talk.sinks.map(one => one.closed)).toEqual([true]);
	});

	/* I place a call, and it rings; gives its id. */
	async function placed(): Promise<string> {
		const call = { conv: CONV, kind: "voice", from: ME, to: BEN, mine: true };
		world.server.on("call.start", args => ({
			call: { ...call, call: args.call, state: "ringing", rev: ++rev },
		}));
		void app.calls.start(CONV, "voice");
		await world.clock.advance(10);
		return String(world.server.last("call.start")?.call);
	}

	const over = (call: string) => ({
		call,
		sig: `${THEIR_KEY} ${signedText(call, "offer", fakeSdp("t", "twin")).length}`,
	});

	it("what was prepared is said at once, and a browser of the same kind needs to wait for nothing", async () => {
		const call = await placed();
		await answered({ call });
		const said = world.server.asked.map(one => one.do).filter(name => /^media\.(open|signal)/.test(name));
		expect(said).toEqual(["media.open", "media.signal"]);
		expect(world.talk.peers).toHaveLength(1);
		expect(peer().done).toEqual(["draft", "offer"]);
		await signal("answer", foretold("answer", fakeOffer("twin")), over(call));
		expect(peer().done).toEqual(["draft", "offer", "accept"]);
		expect(peer().accepted).toContain("a=setup:active");
		/* Once more: they did not know that it came. */
		await signal("answer", foretold("answer", fakeOffer("twin")), over(call));
		expect(peer().done).toHaveLength(3);
		expect(world.talk.peers).toHaveLength(1);
		peer().become("connected");
		world.server.event("media.hint", { call, why: "silent" });
		await world.clock.advance(0);
		expect(peer().done.slice(3)).toEqual(["offer restart", "accept"]);
	});

	it("a browser of another kind has to read the offer first", async () => {
		const call = await placed();
		await answered({ call });
		const other = fakeOffer("other").replace("opus", "OPUS");
		await signal("answer", foretold("answer", other), over(call));
		expect(peer().done).toEqual(["draft", "offer"]);
		await signal("answer", markAnswer(fakeSdp("other", "other"), myOffer()), over(call));
		expect(peer().done).toEqual(["draft", "offer", "accept"]);
	});

	/* They call, I answer; gives the call's id. */
	async function picked(): Promise<string> {
		offerer = false;
		const call = "e2".repeat(16);
		const theirs = { call, conv: CONV, kind: "voice", from: BEN, to: ME };
		world.server.event("call", { call: { ...theirs, state: "ringing", rev: 1 } });
		await world.clock.advance(100);
		expect(world.talk.peers).toHaveLength(0);
		world.server.on("call.answer", () => ({ call: { ...theirs, state: "answered", mine: true, rev: 2 } }));
		void app.calls.answer(call);
		await world.clock.advance(0);
		return call;
	}

	it("who was called foretells an answer, and mends it like the one who called", async () => {
		const call = await picked();
		expect(world.server.last("media.signal")).toMatchObject({ call, kind: "answer" });
		expect(answersTo(myOffer())).toBe("twin");
		expect(peer().done).toEqual(["draft", "offer"]);
		await signal("offer", foretold("offer", fakeOffer("twin")), { call });
		expect(peer().done).toEqual(["draft", "offer", "accept"]);
		expect(peer().accepted).toContain("a=setup:passive");
		/* The same once more: what was foretold was lost. */
		await signal("offer", foretold("offer", fakeOffer("twin")), { call });
		expect(world.server.count("media.signal")).toBe(2);
		peer().become("connected");
		world.server.event("media.hint", { call, why: "silent" });
		await world.clock.advance(0);
		expect(peer().done.slice(3)).toEqual(["offer restart", "accept"]);
		/* Their page was loaded again. */
		await signal("offer", fakeSdp("79", "anew"), { call });
		expect(world.talk.peers).toHaveLength(2);
		expect(peer().done).toEqual(["answer"]);
	});

	it("who was called by another kind of browser, or one that foretells nothing, answers as ever", async () => {
		const call = await picked();
		await signal("offer", fakeOffer("twin"), { call });
		expect(world.talk.peers.map(one => one.closed)).toEqual([true, false]);
		expect(peer().done).toEqual(["answer"]);
		expect(world.server.last("media.signal")).toMatchObject({ kind: "answer" });
		expect(answersTo(myOffer())).toBe(sessionOf(fakeOffer("twin")));
	});

	it("ends when another call is answered", async () => {
		await connected();
		const other = "d1".repeat(16);
		const theirs = { call: other, conv: CONV, kind: "voice", from: BEN, to: ME };
		world.server.event("call", { call: { ...theirs, state: "ringing", rev: 1 } });
		await world.clock.advance(0);
		world.server.on("call.answer", () => ({ call: { ...theirs, state: "answered", mine: true, rev: 2 } }));
		void app.calls.answer(other);
		await world.clock.advance(0);
		expect(world.server.asked.map(one => one.do).filter(name => /leave|answer/.test(name))).toEqual([
			"call.leave",
			"call.answer",
		]);
		expect(app.talk.view.value?.call).toBe(other);
		expect(world.talk.open).toEqual(["microphone"]);
	});

	it("goes on at another device of mine, and can be taken over from it", async () => {
		await connected();
		await answered({ mine: false });
		expect(app.talk.view.value).toBeNull();
		expect(world.talk.open).toEqual([]);
		expect(app.talk.elsewhere.value).toMatchObject([{ call: CALL, conv: CONV }]);
		world.server.on("call.move", () => ({
			call: {
				call: CALL,
				conv: CONV,
				kind: "voice",
				from: ME,
				to: BEN,
				state: "answered",
				mine: true,
				rev: ++rev,
			},
		}));
		void app.talk.moveHere(CALL);
		await world.clock.advance(0);
		expect(app.talk.elsewhere.value).toEqual([]);
		expect(app.talk.view.value?.call).toBe(CALL);
		expect(world.talk.peers).toHaveLength(2);
	});
});
