/* For tests: a world in virtual time. A server that answers, a microphone that speaks, a browser that obeys. */
import { VirtualClock } from "../lib/virtualClock.ts";
import { MemoryStorage } from "../media/memoryStorage.ts";
import type { Devices, Encoder, EncoderEvents, Input, InputWanted, MediaLike } from "../media/ports.ts";
import { Recording } from "../media/recording.ts";
import { failure, type Result } from "../wire/errors.ts";
import { decodeFragment, type Fragment } from "../wire/fragment.ts";
import { Http } from "../wire/http.ts";
import type { SocketLike } from "../wire/socket.ts";
import type { Env } from "./env.ts";
import { OpenRecording } from "./openRecording.ts";
import { FakeRooms } from "./roomFakes.ts";
import { FakeTalk } from "./talkFakes.ts";
import type { Words } from "./types/app.ts";
import { Voice } from "./voice.ts";

type Args = Record<string, unknown>;
type Responder = (args: Args) => object | { err: string } | undefined;

export const ME = 1;
export const BEN = 2;
export const CONV = 7;

export class FakeServer {
	readonly clock: VirtualClock;
	/* Everything that was asked, in order. */
	readonly asked: { do: string; args: Args }[] = [];
	readonly fragments: Fragment[] = [];
	up = true;
	/* How far this device's clock is behind the server's. */
	skewMs = 0;
	session: Result<{ token: string }> = { ok: true, token: "secret" };
	recs = new Map<
		string,
		{ next: number; seg: number; state: string; ms: number; bytes: number; args: Args }
	>();
	/* The first `n` fragments after this are swallowed without an acknowledgement. */
	swallow = 0;
	#sockets: FakeSocket[] = [];
	#responders = new Map<string, Responder>();
	hello: Args;

	constructor(clock: VirtualClock) {
		this.clock = clock;
		this.hello = {
			now: clock.now(),
			me: { id: ME, username: "ana", name: "Ana" },
			device: 11,
			limits: {},
			users: [
				{ id: ME, username: "ana", name: "Ana", online: 1 },
				{ id: BEN, username: "ben", name: "Ben", online: 1 },
			],
			convs: [{ conv: CONV, kind: "direct", with: BEN, last_seq: 0, unread: 0, last: null }],
			calls: [],
			recs: [],
			live: [],
			notes: [],
		};
		this.on("rec.start", args => this.#recStart(args));
	}

	on(command: string, responder: Responder): void {
		this.#responders.set(command, responder);
	}

	count(command: string): number {
		return this.asked.filter(one => one.do === command).length;
	}

	last(command: string): Args | undefined {
		return this.asked.findLast(one => one.do === command)?.args;
	}

	open(): SocketLike {
		const socket = new FakeSocket(this);
		this.#sockets.push(socket);
		return socket;
	}

	event(ev: string, fields: object): void {
		for (const socket of this.#sockets) if (socket.live) socket.deliver(JSON.stringify({ ev, ...fields }));
	}

	binary(data: ArrayBuffer): void {
		for (const socket of this.#sockets) if (socket.live) socket.onmessage?.({ data } as never);
	}

	/* The line breaks. */
	cut(code = 1006): void {
		for (const socket of this.#sockets) socket.break(code);
		this.#sockets = [];
	}

	received(socket: FakeSocket, data: string | Uint8Array): void {
		if (typeof data !== "string") {
			this.#fragment(socket, data);
			return;
		}
		const { id, do: name, ...args } = JSON.parse(data) as { id: number; do: string } & Args;
		/* As the real one does: an id that does not rise is a bad frame. */
		if (id <= socket.lastId) {
			socket.break(4003);
			return;
		}
		socket.lastId = id;
		if (name === "hello") {
			socket.deliver(JSON.stringify({ id, ok: { ...this.hello, now: this.clock.now() + this.skewMs } }));
			return;
		}
		this.asked.push({ do: name, args });
		const answer = this.#responders.get(name)?.(args) ?? {};
		if ("silent" in answer) return;
		socket.deliver(JSON.stringify("err" in answer ? { id, ...answer } : { id, ok: answer }));
	}

	#recStart(args: Args): object {
		const rec = String(args.rec);
		const known = this.recs.get(rec) ?? { next: 0, seg: 0, state: "recording", ms: 0, bytes: 0, args };
		known.seg = Number(args.seg);
		this.recs.set(rec, known);
		const { next, seg, state, ms, bytes } = known;
		return { rec: { ...args, next, seg, state, ms, bytes, created: 1, device: 11, live: true } };
	}

	#fragment(socket: FakeSocket, data: Uint8Array): void {
		const fragment = decodeFragment(data.slice().buffer);
		const rec = fragment === null ? undefined : this.recs.get(fragment.rec);
		if (fragment === null || rec === undefined) throw new Error("a fragment of nothing");
		if (this.swallow > 0) {
			this.swallow--;
			return;
		}
		if (fragment.number === rec.next) {
			this.fragments.push(fragment);
			rec.next++;
			rec.ms = fragment.atMs;
			rec.bytes += fragment.bytes.length;
		}
		const { next, bytes, ms } = rec;
		socket.deliver(JSON.stringify({ ev: "rec.ack", rec: fragment.rec, next, bytes, ms }));
	}
}

class FakeSocket implements SocketLike {
	binaryType: "arraybuffer" | "blob" = "arraybuffer";
	readonly bufferedAmount = 0;
	onopen: ((event: never) => void) | null = null;
	onmessage: ((event: never) => void) | null = null;
	onclose: ((event: never) => void) | null = null;
	live = true;
	lastId = 0;
	readonly #server: FakeServer;

	constructor(server: FakeServer) {
		this.#server = server;
		queueMicrotask(() => {
			if (!this.live) return;
			if (server.up) this.onopen?.({} as never);
			else this.break(1006);
		});
	}

	send(data: string | Uint8Array<ArrayBuffer>): void {
		if (!this.live) return;
		const copy = typeof data === "string" ? data : data.slice();
		queueMicrotask(() => {
			if (this.live) this.#server.received(this, copy);
		});
	}

	close(): void {
		this.live = false;
	}

	deliver(data: string): void {
		queueMicrotask(() => {
			if (this.live) this.onmessage?.({ data } as never);
		});
	}

	break(code: number): void {
		if (!this.live) return;
		this.live = false;
		this.onclose?.({ code } as never);
	}
}

export class FakeDevices implements Devices {
	readonly can = { voice: true, video: true };
	level = 0.5;
	granted = true;
	fail: "denied" | "no_device" | "in_use" | null = null;
	cameraFails = false;
	/* Inputs that are open now: none must be left behind. */
	readonly open_ = new Set<FakeInput>();
	opened = 0;
	encoders: FakeEncoder[] = [];
	readonly #clock: VirtualClock;

	constructor(clock: VirtualClock) {
		this.#clock = clock;
	}

	async open(wanted: InputWanted): Promise<Result<{ input: Input }>> {
		if (this.fail !== null) return failure(this.fail);
		if (wanted.kind === "video" && this.cameraFails) return failure("in_use");
		this.opened++;
		const input = new FakeInput(this, wanted.kind);
		this.open_.add(input);
		return { ok: true, input };
	}

	async allowed(): Promise<boolean> {
		return this.granted;
	}

	encode(_input: Input, events: EncoderEvents): Encoder {
		const encoder = new FakeEncoder(this.#clock, events);
		this.encoders.push(encoder);
		return encoder;
	}
}

export class FakeInput implements Input {
	readonly stream = null;
	onLost: ((what: "microphone" | "camera" | "interrupted") => void) | null = null;
	sameRecording = true;
	replaced = 0;
	readonly kind: "voice" | "video";
	readonly #devices: FakeDevices;

	constructor(devices: FakeDevices, kind: "voice" | "video") {
		this.#devices = devices;
		this.kind = kind;
	}

	level(): number {
		return this.#devices.level;
	}

	async replaceMicrophone(): Promise<Result<{ sameRecording: boolean }>> {
		this.replaced++;
		return { ok: true, sameRecording: this.sameRecording };
	}

	close(): void {
		this.#devices.open_.delete(this);
	}
}

/* Gives a chunk each 250 ms of recording, and what is left when it stops. */
export class FakeEncoder implements Encoder {
	readonly mime = "audio/webm;codecs=opus";
	state: "recording" | "paused" | "stopped" = "recording";
	#count = 0;
	readonly #events: EncoderEvents;
	readonly #off: () => void;

	constructor(clock: VirtualClock, events: EncoderEvents) {
		this.#events = events;
		clock.after(0, () => events.started());
		this.#off = clock.every(250, () => {
			if (this.state === "recording") this.#chunk();
		});
	}

	pause(): void {
		if (this.state === "recording") this.state = "paused";
	}

	resume(): void {
		if (this.state === "paused") this.state = "recording";
	}

	flush(): void {}

	async stop(): Promise<void> {
		if (this.state === "stopped") return;
		this.state = "stopped";
		this.#off();
		this.#chunk();
	}

	#chunk(): void {
		this.#events.chunk(new Uint8Array(100).fill(this.#count++));
	}
}

export class FakeMedia implements MediaLike {
	src = "";
	currentTime = 0;
	duration = 10;
	paused = true;
	ended = false;
	playbackRate = 1;
	preservesPitch = false;
	preload = "";
	#listeners = new Map<string, Set<() => void>>();

	async play(): Promise<void> {
		this.paused = false;
		this.ended = false;
	}

	pause(): void {
		this.paused = true;
	}

	load(): void {}

	removeAttribute(): void {
		this.src = "";
	}

	addEventListener(name: string, listener: () => void): void {
		const all = this.#listeners.get(name) ?? new Set();
		all.add(listener);
		this.#listeners.set(name, all);
	}

	removeEventListener(name: string, listener: () => void): void {
		this.#listeners.get(name)?.delete(listener);
	}

	fire(name: string): void {
		for (const listener of [...(this.#listeners.get(name) ?? [])]) listener();
	}

	finish(): void {
		this.ended = true;
		this.paused = true;
		this.fire("ended");
	}
}

export interface World {
	readonly clock: VirtualClock;
	readonly server: FakeServer;
	readonly devices: FakeDevices;
	readonly talk: FakeTalk;
	readonly rooms: FakeRooms;
	readonly storage: MemoryStorage;
	readonly env: Env;
	readonly media: FakeMedia[];
	readonly kept: Map<string, string>;
	readonly sounds: string[];
	readonly notified: { tag: string; title: string }[];
	readonly saved: string[];
	setVisible(on: boolean): void;
	setOnline(on: boolean): void;
}

/* A later world over the same storage is the page after a reload. */
export function newWorld(before?: World): World {
	const clock = before?.clock ?? new VirtualClock();
	const server = before?.server ?? new FakeServer(clock);
	const storage = before?.storage ?? new MemoryStorage();
	const kept = before?.kept ?? new Map<string, string>();
	const devices = new FakeDevices(clock);
	const talk = new FakeTalk();
	const rooms = new FakeRooms(talk);
	const media: FakeMedia[] = [];
	const sounds: string[] = [];
	const notified: { tag: string; title: string }[] = [];
	const saved: string[] = [];
	const visible = new Set<() => void>();
	const network = new Set<() => void>();
	let shown = true;
	let online = true;
	let seed = before === undefined ? 1 : 1000;
	const add = (set: Set<() => void>) => (fn: () => void) => {
		set.add(fn);
		return () => {
			set.delete(fn);
		};
	};
	const element = () => {
		const one = new FakeMedia();
		media.push(one);
		return one;
	};
	const env: Env = {
		clock,
		storage,
		words,
		http: new Http(async url => ({
			status: url === "/api/session" && !server.session.ok ? 401 : 200,
			json: async () => answerHttp(server, url),
		})),
		keep: {
			get: name => kept.get(name) ?? null,
			set: (name, value) => {
				if (value === null) kept.delete(name);
				else kept.set(name, value);
			},
		},
		notify: {
			state: "on",
			ask: async () => "on",
			show: ({ tag, title }) => notified.push({ tag, title }),
			close: () => {},
		},
		page: {
			visible: () => shown,
			onVisible: add(visible),
			online: () => online,
			onOnline: add(network),
			onLeave: () => () => {},
			onOpen: () => () => {},
			takeToken: () => null,
			origin: () => "https://example.org",
			deviceName: () => "Test",
			reload: () => {},
			vibrate: () => {},
			saveFile: name => saved.push(name),
			fileUrl: () => ({ url: "blob:x", release: () => {} }),
		},
		sounds: {
			enabled: true,
			play: name => sounds.push(name),
			loop: name => {
				sounds.push(`${name} on`);
				return () => sounds.push(`${name} off`);
			},
		},
		playing: {
			audio: element,
			video: () => element() as never,
			canPlayLive: () => true,
			live: async () => {
				throw new Error("not in this play");
			},
			session: { set: () => {}, position: () => {} },
		},
		canRecord: { voice: true, video: true },
		random: () => 0.5,
		bytes: count => {
			const bytes = new Uint8Array(count);
			new DataView(bytes.buffer).setUint32(0, seed++);
			return bytes;
		},
		openSocket: () => server.open(),
		useAccount: () => {},
		shrinkPicture: async file =>
			file.type.startsWith("image/") ? new Uint8Array([0xff, 0xd8, 0xff, 1]) : null,
		voice: async () => Voice,
		kit: async () => ({ devices, Recording, OpenRecording }),
		talk: async () => talk.kit(),
		room: async () => rooms.kit(),
		inputs: async () => ({ microphones: [], cameras: [] }),
	};
	return {
		clock,
		server,
		devices,
		talk,
		rooms,
		storage,
		env,
		media,
		kept,
		sounds,
		notified,
		saved,
		setVisible(on) {
			shown = on;
			for (const fn of visible) fn();
		},
		setOnline(on) {
			online = on;
			server.up = on;
			if (!on) server.cut();
			for (const fn of network) fn();
		},
	};
}

function answerHttp(server: FakeServer, url: string): unknown {
	if (url === "/api/about") return { name: "Aftertone", version: "0", first_run: false };
	if (url !== "/api/session") return {};
	if (!server.session.ok) return { err: server.session.code };
	return { user: ME, username: "ana", name: "Ana", device: 11, admin: false, token: server.session.token };
}

const words: Words = {
	incomingCall: (kind, name) => `Incoming ${kind} call from ${name}`,
	missedCall: (kind, name) => `Missed ${kind} call from ${name}`,
	missedCallWithNote: (kind, name, ms) => `Missed ${kind} call from ${name}, note ${ms}`,
	noteArrived: (kind, name, ms) => `${kind} note from ${name}, ${ms}`,
	textArrived: name => `Message from ${name}`,
	inGroup: (name, group) => `${name} in ${group}`,
	addedToGroup: (name, group) => `${name} added you to ${group}`,
	removedFromGroup: (name, group) => `${name} removed you from ${group}`,
	noteBeingLeft: (kind, name) => `${name} is leaving a ${kind} note`,
	outcome: (outcome, name) => `${name}: ${outcome}`,
	recordingStarted: () => "Recording",
	recordingPaused: () => "Paused",
	secondsLeft: ms => `${ms} left`,
	draftKept: ms => `Kept ${ms}`,
	noteSent: name => `Sent to ${name}`,
	answered: name => `${name} answered`,
	missedRoom: (kind, group) => `Missed ${kind} in ${group}`,
	joinedRoom: name => `${name} joined`,
	leftRoom: name => `${name} left`,
	reacted: (names, emoji) => `${names.join(" and ")}: ${emoji}`,
};
