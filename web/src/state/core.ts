/* What all models share: who I am, whom I know, which chats there are, the connection, what to tell the person. */
import { signal } from "@preact/signals";
import { newId } from "../lib/id.ts";
import { Scope } from "../lib/scope.ts";
import { type ErrorCode, failure, type Result } from "../wire/errors.ts";
import { type Answer, type RequestOptions, Socket, type SocketState } from "../wire/socket.ts";
import type { Conv, GroupConv, Hello, Me, NoteState, User, WireEvent } from "../wire/types.ts";
import type { Env, RecordingKit } from "./env.ts";
import { loadPrefs, storePrefs } from "./prefs.ts";
import type { Doing, Toast } from "./types/app.ts";
import type { Limits, PersonView } from "./types/base.ts";
import type { Prefs } from "./types/settings.ts";

const SPOKEN_MS = 4_000;
const TOAST_MS = 6_000;

const DEFAULTS: Limits = {
	ringMs: 45_000,
	ringStopMs: 60_000,
	unreachableMs: 15_000,
	noteOfferMs: 5_000,
	voiceMaxMs: 180_000,
	videoMaxMs: 60_000,
	noteMinMs: 1_000,
	warnMs: 15_000,
	fragmentMax: 262_144,
	textMax: 16_384,
};

export class Core {
	readonly env: Env;
	readonly scope = new Scope();
	readonly socket: Socket;

	readonly me = signal<Me | null>(null);
	readonly device = signal(0);
	readonly users = signal<ReadonlyMap<number, User>>(new Map());
	readonly convs = signal<ReadonlyMap<number, Conv>>(new Map());
	readonly notes = signal<ReadonlyMap<string, NoteState>>(new Map());
	readonly limits = signal<Limits>(DEFAULTS);
	readonly link = signal<SocketState>("idle");
	readonly toasts = signal<readonly Toast[]>([]);
	readonly spoken = signal("");
	readonly flash = signal<string | null>(null);
	readonly wanted = signal<{ readonly conv: number } | null>(null);
	readonly prefs = signal<Prefs>({ ...loadPrefs(null) });
	/* Chats that are on the screen and in front. */
	readonly shown = signal<ReadonlySet<number>>(new Set());

	#offsetMs = 0;
	#toastId = 0;
	#offSpoken: () => void = () => {};
	#cid = 0;

	constructor(env: Env) {
		this.env = env;
		this.prefs.value = loadPrefs(env.keep);
		env.sounds.enabled = this.prefs.value.sounds;
		this.socket = new Socket({
			clock: env.clock,
			random: env.random,
			open: env.openSocket,
			token: () => env.http.session(),
			online: () => env.page.online(),
			visible: () => env.page.visible(),
		});
		this.scope.add(this.socket.states.on(state => this.#linked(state)));
		this.scope.add(this.socket.hellos.on(hello => this.#hello(hello)));
		this.scope.add(this.socket.events.on(event => this.#event(event)));
		this.scope.add(env.page.onOnline(() => this.socket.networkChanged()));
		this.scope.add(env.page.onVisible(() => this.socket.visibleChanged()));
		this.scope.add(env.page.onOpen(conv => this.show(conv)));
		this.scope.add(() => this.socket.stop());
	}

	get online(): boolean {
		return this.link.value === "online";
	}

	/* Server time, as well as it is known. */
	now(): number {
		return this.env.clock.now() + this.#offsetMs;
	}

	/* A moment of the server's as this device's clock says it, to be compared with that clock. */
	here(ts: number): number {
		return ts - this.#offsetMs;
	}

	/* And the way back. */
	there(ts: number): number {
		return ts + this.#offsetMs;
	}

	newId(): string {
		return newId(this.env.bytes);
	}

	/* Rises for ever on this device, also where storage was emptied: it starts from the clock. */
	newCid(): number {
		const kept = Number(this.env.keep.get("cid") ?? "0");
		this.#cid = Math.max(this.#cid + 1, kept + 1, this.now());
		this.env.keep.set("cid", String(this.#cid));
		return this.#cid;
	}

	/* null: it could not be loaded, for want of a network. */
	async kit(): Promise<RecordingKit | null> {
		try {
			return await this.env.kit();
		} catch {
			return null;
		}
	}

	async ask(command: string, args: object, options?: RequestOptions): Promise<Answer> {
		return this.socket.request(command, args, options);
	}

	/* For verbs whose answer holds nothing of interest. */
	async tell(command: string, args: object, options?: RequestOptions): Promise<Result> {
		const answer = await this.socket.request(command, args, options);
		return answer.ok ? { ok: true } : failure(answer.code, answer.retryMs);
	}

	person(user: number): PersonView {
		const me = this.me.value;
		if (user === me?.id) return { id: user, username: me.username, name: me.name, blocked: false, online: 1 };
		return this.users.value.get(user) ?? { id: user, username: "", name: "", blocked: false, online: 0 };
	}

	/* Who stands at the other end of a chat: a person, or a group by its name. */
	personOf(conv: number): PersonView {
		const known = this.convs.value.get(conv);
		return known?.kind === "group" ? groupAsOne(known) : this.person(known?.with ?? 0);
	}

	addUsers(users: readonly User[]): void {
		if (users.length === 0) return;
		const all = new Map(this.users.value);
		for (const user of users) all.set(user.id, user);
		this.users.value = all;
	}

	setConv(conv: Conv): void {
		const known = this.convs.value.get(conv.conv);
		/* An event that was under way when a newer entry came must not take it back. */
		const newer =
			known !== undefined && known.last_seq > conv.last_seq
				? { ...conv, last_seq: known.last_seq, last: known.last }
				: conv;
		this.convs.value = new Map(this.convs.value).set(conv.conv, newer);
	}

	patchConv(conv: number, patch: Partial<Omit<Conv, "kind">>): void {
		const known = this.convs.value.get(conv);
		if (known !== undefined) this.convs.value = new Map(this.convs.value).set(conv, { ...known, ...patch });
	}

	noteState(conv: number, seq: number): NoteState | undefined {
		return this.notes.value.get(`${conv}:${seq}`);
	}

	patchNote(conv: number, seq: number, patch: Partial<NoteState>): void {
		const known = this.noteState(conv, seq) ?? { conv, seq, played: false, position_ms: 0, heard: false };
		this.notes.value = new Map(this.notes.value).set(`${conv}:${seq}`, { ...known, ...patch });
	}

	setPref<K extends keyof Prefs>(name: K, value: Prefs[K]): void {
		this.prefs.value = { ...this.prefs.value, [name]: value };
		storePrefs(this.env.keep, this.prefs.value);
		this.env.sounds.enabled = this.prefs.value.sounds;
	}

	announce(text: string): void {
		this.#offSpoken();
		this.spoken.value = text;
		this.#offSpoken = this.env.clock.after(SPOKEN_MS, () => {
			this.spoken.value = "";
		});
	}

	toast(what: Toast["what"], action: Toast["action"] = null, ms = TOAST_MS): number {
		const id = ++this.#toastId;
		const used = action === null ? null : { name: action.name, run: () => this.#use(id, action.run) };
		this.toasts.value = [...this.toasts.value.slice(-3), { id, what, action: used }];
		this.env.clock.after(ms, () => this.dismiss(id));
		return id;
	}

	failed(doing: Doing, code: ErrorCode, retry?: () => void): void {
		this.toast({ type: "error", code, doing }, retry === undefined ? null : { name: "retry", run: retry });
	}

	dismiss(id: number): void {
		if (this.toasts.value.some(toast => toast.id === id))
			this.toasts.value = this.toasts.value.filter(toast => toast.id !== id);
	}

	show(conv: number): void {
		this.wanted.value = { conv };
	}

	#use(id: number, run: () => void): void {
		this.dismiss(id);
		run();
	}

	#linked(state: SocketState): void {
		this.link.value = state;
	}

	#hello(hello: Hello): void {
		this.#offsetMs = hello.now - this.env.clock.now();
		this.apply(hello);
		/* The others hear of this hello after us, and may ask at once. */
		this.link.value = "online";
		void this.env.storage.put("kv", ["hello"], hello);
	}

	/* A hello, fresh or from the last visit. */
	apply(hello: Hello): void {
		this.me.value = hello.me;
		this.device.value = hello.device;
		this.users.value = new Map(hello.users.map(user => [user.id, user]));
		this.convs.value = new Map(hello.convs.map(conv => [conv.conv, conv]));
		this.notes.value = new Map(hello.notes.map(note => [`${note.conv}:${note.seq}`, note]));
		this.limits.value = toLimits(hello);
	}

	#event(event: WireEvent): void {
		if (event.ev === "user") this.addUsers([event.user]);
		else if (event.ev === "me") this.me.value = event.me;
		else if (event.ev === "conv") this.setConv(event.conv);
		else if (event.ev === "note") this.patchNote(event.conv, event.seq, event);
		else if (event.ev === "receipt") this.#receipt(event);
	}

	#receipt(event: Extract<WireEvent, { ev: "receipt" }>): void {
		const known = this.convs.value.get(event.conv);
		if (known === undefined) return;
		if (event.user === this.me.value?.id) {
			this.patchConv(event.conv, { read: Math.max(known.read, event.read) });
			return;
		}
		this.patchConv(event.conv, {
			their_read: Math.max(known.their_read, event.read),
			their_delivered: Math.max(known.their_delivered, event.delivered, event.read),
		});
	}
}

/* Its id is the chat's: it chooses the colour and nothing else. */
function groupAsOne(conv: GroupConv): PersonView {
	return { id: conv.conv, username: "", name: conv.group.name, blocked: false, online: 0 };
}

function toLimits(hello: Hello): Limits {
	const wire = hello.limits;
	return {
		ringMs: wire.ring_ms,
		ringStopMs: wire.ring_stop_ms,
		unreachableMs: wire.unreachable_ms,
		noteOfferMs: wire.note_offer_ms,
		voiceMaxMs: wire.voice_max_ms,
		videoMaxMs: wire.video_max_ms,
		noteMinMs: wire.note_min_ms,
		warnMs: wire.warn_ms,
		fragmentMax: wire.fragment_max,
		textMax: wire.text_max,
	};
}
