/* The one WebSocket of this device: connects, says hello, comes back by itself, carries requests over a reconnect where repeating
 * them is harmless (they name themselves by cid, rec or call). Knows nothing of what is said. */
import { backoff } from "../lib/backoff.ts";
import type { Clock } from "../lib/clock.ts";
import { Emitter } from "../lib/emitter.ts";
import { BAD, isRecord } from "./decode.ts";
import { type ErrorCode, failure, isServerCode, type Result } from "./errors.ts";
import { decodeFragment, type Fragment } from "./fragment.ts";
import { decodeEvent, type Hello, hello, type WireEvent } from "./types.ts";

/* The part of WebSocket that is used. */
export interface SocketLike {
	binaryType: "arraybuffer" | "blob";
	readonly bufferedAmount: number;
	onopen: ((event: never) => void) | null;
	onmessage: ((event: never) => void) | null;
	onclose: ((event: never) => void) | null;
	send(data: string | Uint8Array<ArrayBuffer>): void;
	close(code?: number): void;
}

export interface SocketEnv {
	readonly clock: Clock;
	random(): number;
	open(): SocketLike;
	/* The token for the first frame; "unauthorized" = signed out, "offline" = try later. */
	token(): Promise<Result<{ token: string }>>;
	/* What the browser believes about the network. */
	online(): boolean;
	/* Whether the page is in front; told to the server, and asked about the silence of the line at the same time. */
	visible(): boolean;
}

export type SocketState = "idle" | "connecting" | "online" | "offline" | "elsewhere" | "signedOut";

export interface RequestOptions {
	/* Harmless to repeat: survives a reconnect, and waits for one when there is no connection. */
	readonly again?: boolean;
	readonly timeoutMs?: number;
}

export type Answer = Result<{ body: Record<string, unknown> }>;

interface Waiting {
	readonly command: string;
	readonly args: object;
	readonly again: boolean;
	/* On the present connection; null = not sent on it. Given when it is sent: a connection's ids rise, whatever waited for it. */
	id: number | null;
	readonly done: (answer: Answer) => void;
	readonly offTimer: () => void;
}

const HELLO_MS = 10_000;
const IDLE_MS = 30_000;
const DEAD_MS = 10_000;
const DOUBT_MS = 3_000;
const REQUEST_MS = 15_000;

export class Socket {
	readonly events = new Emitter<WireEvent>();
	readonly fragments = new Emitter<Fragment>();
	/* Before any event of the new connection, and before requests are repeated. */
	readonly hellos = new Emitter<Hello>();
	readonly states = new Emitter<SocketState>();

	readonly #env: SocketEnv;
	#state: SocketState = "idle";
	#socket: SocketLike | null = null;
	#turn = 0;
	#tries = 0;
	#nextId = 1;
	/* In the order in which they were asked. */
	#waiting = new Set<Waiting>();
	#offRetry: () => void = () => {};
	#offIdle: () => void = () => {};
	#offDead: () => void = () => {};
	#revoked = false;

	constructor(env: SocketEnv) {
		this.#env = env;
	}

	get state(): SocketState {
		return this.#state;
	}

	/* True when the session was ended from elsewhere rather than by this page. */
	get revoked(): boolean {
		return this.#revoked;
	}

	get bufferedBytes(): number {
		return this.#socket?.bufferedAmount ?? 0;
	}

	start(): void {
		this.#tries = 0;
		void this.#connect();
	}

	/* Ends for good; what waits fails as closed. */
	stop(): void {
		this.#turn++;
		this.#drop(1000);
		this.#become("idle");
		for (const waiting of [...this.#waiting]) this.#finish(waiting, failure("closed"));
	}

	/* Something else on this network has fallen silent. */
	doubt(): void {
		this.#probe(DOUBT_MS);
	}

	/* The network came or went, the page came back: no reason to wait any longer. */
	networkChanged(): void {
		if (this.#state === "online") this.#probe();
		else if (this.#state === "offline" || this.#state === "connecting") {
			if (!this.#env.online()) return;
			if (this.#state === "connecting" && this.#socket !== null) return;
			this.#tries = 0;
			void this.#connect();
		}
	}

	request(command: string, args: object, options: RequestOptions = {}): Promise<Answer> {
		const again = options.again ?? false;
		if (this.#state !== "online" && !again) return Promise.resolve(failure("offline"));
		if (this.#state === "signedOut" || this.#state === "idle") return Promise.resolve(failure("offline"));
		return new Promise(done => {
			const ms = options.timeoutMs ?? REQUEST_MS;
			const offTimer = this.#env.clock.after(ms, () => this.#late(waiting));
			const waiting: Waiting = { command, args, again, id: null, done, offTimer };
			this.#waiting.add(waiting);
			if (this.#state === "online") this.#send(waiting);
		});
	}

	visibleChanged(): void {
		if (this.#state === "online") this.#sayVisible();
		else this.networkChanged();
	}

	/* false: not connected. The caller sends it again after the next hello. */
	sendFragment(frame: Uint8Array<ArrayBuffer>): boolean {
		if (this.#state !== "online" || this.#socket === null) return false;
		this.#socket.send(frame);
		return true;
	}

	async #connect(): Promise<void> {
		this.#offRetry();
		this.#drop(1000);
		const turn = ++this.#turn;
		this.#become("connecting");
		const token = await this.#env.token();
		if (turn !== this.#turn) return;
		if (!token.ok) {
			if (token.code === "unauthorized") this.#signedOut();
			else this.#retry(turn);
			return;
		}
		const socket = this.#env.open();
		this.#socket = socket;
		socket.binaryType = "arraybuffer";
		this.#offDead = this.#env.clock.after(HELLO_MS, () => this.#lost(turn, 0));
		socket.onclose = (event: { code: number }) => this.#lost(turn, event.code);
		socket.onopen = () => this.#greet(turn, socket, token.token);
	}

	#greet(turn: number, socket: SocketLike, token: string): void {
		if (turn !== this.#turn) return;
		const id = this.#nextId++;
		socket.onmessage = (event: { data: unknown }) => this.#firstFrame(turn, id, event.data);
		socket.send(JSON.stringify({ id, do: "hello", token }));
	}

	#firstFrame(turn: number, id: number, data: unknown): void {
		if (turn !== this.#turn || this.#socket === null) return;
		const frame = parse(data);
		if (frame === null || frame.id !== id) return;
		const body = hello(frame.ok);
		if (body === BAD) {
			/* An "unauthorized" here means that the token is old: the next try fetches a new one, or learns that we are signed out. */
			this.#lost(turn, 0);
			return;
		}
		this.#offDead();
		this.#tries = 0;
		this.#revoked = false;
		this.#socket.onmessage = (event: { data: unknown }) => this.#message(turn, event.data);
		this.#alive();
		this.#state = "online";
		this.#sayVisible();
		this.hellos.emit(body);
		this.states.emit("online");
		/* What was asked because of this hello is on its way already. */
		for (const waiting of [...this.#waiting]) this.#send(waiting);
	}

	#message(turn: number, data: unknown): void {
		if (turn !== this.#turn) return;
		this.#alive();
		if (data instanceof ArrayBuffer) {
			const fragment = decodeFragment(data);
			if (fragment !== null) this.fragments.emit(fragment);
			return;
		}
		const frame = parse(data);
		if (frame === null) return;
		if (typeof frame.id === "number") this.#answer(frame.id, frame);
		else {
			const event = decodeEvent(frame);
			if (event !== null) this.events.emit(event);
		}
	}

	#answer(id: number, frame: Record<string, unknown>): void {
		const waiting = [...this.#waiting].find(one => one.id === id);
		if (waiting === undefined) return;
		if (isRecord(frame.ok)) {
			this.#finish(waiting, { ok: true, body: frame.ok });
			return;
		}
		const code: ErrorCode = isServerCode(frame.err) ? frame.err : "bad_answer";
		this.#finish(waiting, failure(code, typeof frame.retry_ms === "number" ? frame.retry_ms : undefined));
	}

	#send(waiting: Waiting): void {
		if (waiting.id !== null || this.#socket === null) return;
		waiting.id = this.#nextId++;
		this.#socket.send(JSON.stringify({ id: waiting.id, do: waiting.command, ...waiting.args }));
	}

	#finish(waiting: Waiting, answer: Answer): void {
		if (!this.#waiting.delete(waiting)) return;
		waiting.offTimer();
		waiting.done(answer);
	}

	#late(waiting: Waiting): void {
		const sent = waiting.id !== null && this.#state === "online";
		this.#finish(waiting, failure(sent ? "timeout" : "offline"));
		if (sent) this.#probe();
	}

	/* A frame came: the connection lives. Silence is asked about, since a dead network says nothing. */
	#alive(): void {
		this.#offIdle();
		this.#offDead();
		this.#offIdle = this.#env.clock.after(IDLE_MS, () => this.#probe());
	}

	#probe(ms = DEAD_MS): void {
		if (this.#socket === null || this.#state !== "online") return;
		const turn = this.#turn;
		this.#offDead();
		this.#offDead = this.#env.clock.after(ms, () => this.#lost(turn, 0));
		this.#sayVisible();
	}

	/* Any request shows that the line lives; nobody waits for this one's answer. */
	#sayVisible(): void {
		this.#socket?.send(JSON.stringify({ id: this.#nextId++, do: "visible", on: this.#env.visible() }));
	}

	#lost(turn: number, code: number): void {
		if (turn !== this.#turn) return;
		this.#drop(0);
		for (const waiting of [...this.#waiting]) {
			if (waiting.id === null) continue;
			if (waiting.again) waiting.id = null;
			else this.#finish(waiting, failure("maybe"));
		}
		if (code === 4009) this.#become("elsewhere");
		else if (code === 4001) this.#signedOut();
		else this.#retry(turn);
	}

	#signedOut(): void {
		this.#revoked = true;
		this.#become("signedOut");
		for (const waiting of [...this.#waiting]) this.#finish(waiting, failure("unauthorized"));
	}

	#retry(turn: number): void {
		this.#become("offline");
		this.#offRetry();
		this.#offRetry = this.#env.clock.after(backoff(this.#tries++, this.#env.random), () => {
			if (turn === this.#turn) void this.#connect();
		});
	}

	#drop(code: number): void {
		this.#offRetry();
		this.#offIdle();
		this.#offDead();
		const socket = this.#socket;
		this.#socket = null;
		if (socket === null) return;
		socket.onopen = null;
		socket.onmessage = null;
		socket.onclose = null;
		if (code === 0) socket.close();
		else socket.close(code);
	}

	#become(state: SocketState): void {
		if (state === this.#state) return;
		this.#state = state;
		this.states.emit(state);
	}
}

function parse(data: unknown): Record<string, unknown> | null {
	if (typeof data !== "string") return null;
	try {
		const value: unknown = JSON.parse(data);
		return isRecord(value) ? value : null;
	} catch {
		return null;
	}
}
