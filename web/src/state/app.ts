/* Everything together, and who is signed in. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { Uploads } from "../media/uploads.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Hello } from "../wire/types.ts";
import { Calls } from "./calls.ts";
import { Chats } from "./chats.ts";
import { Core } from "./core.ts";
import { DeviceList } from "./deviceList.ts";
import { Drafts } from "./drafts.ts";
import type { Env } from "./env.ts";
import { Live } from "./live.ts";
import { Logs } from "./logs.ts";
import { startNotices } from "./notices.ts";
import { Outbox } from "./outbox.ts";
import { People } from "./people.ts";
import { Player } from "./player.ts";
import { Recorder } from "./recorder.ts";
import { Settings } from "./settings.ts";
import { Thread, type ThreadParts } from "./thread.ts";
import type { AppModel, Connection, InviteView, MeView, SessionView, Toast } from "./types/app.ts";
import type { Limits } from "./types/base.ts";
import type { NoteView, ThreadModel } from "./types/thread.ts";
import { Typing } from "./typing.ts";

const PRELOAD_MS = 2_000;

type Stage =
	| { readonly name: "loading" }
	| { readonly name: "out"; readonly view: Extract<SessionView, { state: "signedOut" }> }
	| { readonly name: "in" };

export class App implements AppModel {
	readonly session: ReadonlySignal<SessionView>;
	readonly connection: ReadonlySignal<Connection>;
	readonly chats: Chats;
	readonly calls: Calls;
	readonly recorder: Recorder;
	readonly drafts: Drafts;
	readonly player: Player;
	readonly live: Live;
	readonly people: People;
	readonly devices: DeviceList;
	readonly settings: Settings;
	readonly updateReady = signal(false);
	readonly #core: Core;
	readonly #parts: ThreadParts;
	readonly #stage = signal<Stage>({ name: "loading" });
	#threads = new Map<number, Thread>();
	#inviteToken: string | null = null;
	#started = false;

	constructor(env: Env) {
		const core = new Core(env);
		this.#core = core;
		const uploads = new Uploads({
			clock: env.clock,
			socket: core.socket,
			storage: env.storage,
			random: env.random,
		});
		const logs = new Logs(core);
		const typing = new Typing(core);
		this.recorder = new Recorder(core, uploads);
		this.calls = new Calls(core, this.recorder);
		this.live = new Live(core, call => this.calls.answer(call));
		this.drafts = new Drafts(core, uploads, this.recorder);
		this.player = new Player(core);
		const outbox = new Outbox(core, logs);
		this.#parts = { core, logs, outbox, uploads, drafts: this.drafts, live: this.live, typing };
		this.chats = new Chats({ core, logs, typing, live: this.live, thread: conv => this.thread(conv) });
		this.people = new People(core);
		this.devices = new DeviceList(core);
		this.settings = new Settings(core);
		startNotices(core, logs);
		this.#onlyOneSounds();
		core.scope.add(() => uploads.end());
		core.scope.add(
			core.socket.states.on(state => {
				if (state === "signedOut") void this.#showSignedOut("revoked");
			}),
		);
		this.session = computed(() => this.#sessionView());
		this.connection = computed(() => connectionOf(core));
	}

	get limits(): ReadonlySignal<Limits> {
		return this.#core.limits;
	}
	get toasts(): ReadonlySignal<readonly Toast[]> {
		return this.#core.toasts;
	}
	get spoken(): ReadonlySignal<string> {
		return this.#core.spoken;
	}
	get flash(): ReadonlySignal<string | null> {
		return this.#core.flash;
	}
	get wanted(): ReadonlySignal<{ readonly conv: number } | null> {
		return this.#core.wanted;
	}

	/* Finds out who is here: a session, a link in the address, or nobody. */
	async start(): Promise<void> {
		const token = this.#core.env.page.takeToken();
		const session = await this.#core.env.http.session();
		if (session.ok) {
			if (token !== null) this.#core.toast({ type: "alreadySignedIn" });
			await this.#enter(session.user);
			return;
		}
		if (session.code !== "unauthorized") {
			const last = Number(this.#core.env.keep.get("account") ?? "0");
			if (last > 0 && token === null) {
				/* No network: what was seen the last time is here. */
				await this.#enter(last);
				return;
			}
		}
		if (token?.type === "link") {
			const linked = await this.#core.env.http.link(token.token, this.#core.env.page.deviceName());
			if (linked.ok) {
				await this.#enterAnew();
				return;
			}
			await this.#showSignedOut(linked.code === "offline" ? null : "linkGone");
			return;
		}
		this.#inviteToken = token?.token ?? null;
		await this.#showSignedOut(null);
	}

	/* Ends every timer, device and connection. */
	end(): void {
		this.#core.scope.end();
	}

	thread(conv: number): ThreadModel {
		let thread = this.#threads.get(conv);
		if (thread === undefined) {
			thread = new Thread(this.#parts, conv);
			this.#threads.set(conv, thread);
		}
		return thread;
	}

	async signIn(username: string, password: string): Promise<Result> {
		const result = await this.#core.env.http.signIn(
			username.trim(),
			password,
			this.#core.env.page.deviceName(),
		);
		return result.ok ? this.#enterAnew() : result;
	}

	async createAccount(name: string, username: string, password: string): Promise<Result> {
		const token = this.#inviteToken;
		if (token === null) return failure("not_found");
		const device = this.#core.env.page.deviceName();
		const args = { token, name: name.trim(), username: username.trim(), password, device };
		const result = await this.#core.env.http.join(args);
		return result.ok ? this.#enterAnew() : result;
	}

	async signOut(): Promise<Result> {
		const result = await this.#core.env.http.signOut();
		if (!result.ok && result.code !== "unauthorized") return result;
		this.#core.env.keep.set("account", null);
		this.#core.scope.end();
		await this.#core.env.storage.erase();
		this.#core.env.page.reload();
		return { ok: true };
	}

	useHere(): void {
		this.#core.socket.start();
	}

	announce(text: string): void {
		this.#core.announce(text);
	}

	dismiss(toast: number): void {
		this.#core.dismiss(toast);
	}

	shown(): void {
		this.#core.wanted.value = null;
	}

	reload(): void {
		this.#core.env.page.reload();
	}

	async #enterAnew(): Promise<Result> {
		const session = await this.#core.env.http.session();
		if (!session.ok) return session;
		if (this.#started) {
			/* Somebody else's chats may still be in memory: begin from nothing. */
			this.#core.env.keep.set("account", String(session.user));
			this.#core.env.page.reload();
			return { ok: true };
		}
		await this.#enter(session.user);
		return { ok: true };
	}

	async #enter(user: number): Promise<void> {
		this.#started = true;
		const { env, socket } = this.#core;
		env.keep.set("account", String(user));
		env.useAccount(user);
		const kept = (await env.storage.get("kv", ["hello"])) as Hello | undefined;
		if (kept !== undefined && kept.me.id === user) this.#core.apply(kept);
		this.#stage.value = { name: "in" };
		socket.start();
		/* So that a recording can begin also after the network went. */
		this.#core.scope.add(env.clock.after(PRELOAD_MS, () => void this.#core.kit()));
		await Promise.all([this.#parts.outbox.recover(), this.#parts.uploads.recover()]);
	}

	async #showSignedOut(why: "revoked" | "linkGone" | null): Promise<void> {
		this.#core.socket.stop();
		const invite = this.#inviteToken === null ? null : await this.#lookAt(this.#inviteToken);
		const about = await this.#core.env.http.about();
		this.#stage.value = {
			name: "out",
			view: {
				state: "signedOut",
				firstRun: about.ok && about.first_run,
				invite,
				why,
				unreachable: !about.ok,
			},
		};
	}

	async #lookAt(token: string): Promise<InviteView | "gone"> {
		const looked = await this.#core.env.http.invite(token);
		return looked.ok ? { admin: looked.admin, from: looked.from } : "gone";
	}

	#sessionView(): SessionView {
		const stage = this.#stage.value;
		if (stage.name === "out") return stage.view;
		const me = this.#core.me.value;
		if (stage.name === "loading" || me === null) return { state: "loading" };
		const view: MeView = {
			id: me.id,
			username: me.username,
			name: me.name,
			admin: me.admin,
			device: this.#core.device.value,
			receipts: me.receipts,
			hideDecline: me.hide_decline,
			quietUntil: me.quiet_until === 0 ? 0 : this.#core.here(me.quiet_until),
			quietShare: me.quiet_share,
		};
		return { state: "signedIn", me: view };
	}

	/* Playing, listening live and recording silence one another. */
	#onlyOneSounds(): void {
		const { core } = this.#parts;
		this.player.onPlay = () => {
			for (const note of this.live.notes.value) this.live.stop(note.rec);
		};
		this.live.onListen = () => this.player.pause();
		this.player.nextOf = note => nextUnheard(this.thread(note.conv), note);
		let recording = false;
		core.scope.add(
			this.recorder.view.subscribe(view => {
				const now = view.state === "recording";
				if (now && !recording) queueMicrotask(() => this.player.pause());
				recording = now;
			}),
		);
	}
}

function connectionOf(core: Core): Connection {
	switch (core.link.value) {
		case "online":
			return "online";
		case "elsewhere":
			return "elsewhere";
		case "offline":
		case "signedOut":
			return "offline";
		case "idle":
		case "connecting":
			return "connecting";
	}
}

/* The next of theirs after this one that was never played. */
function nextUnheard(thread: ThreadModel, note: NoteView): NoteView | null {
	for (const entry of thread.entries.value) {
		const other = entry.type === "note" || entry.type === "call" ? entry.note : null;
		if (other !== null && other.seq > note.seq && !other.mine && !other.played) return other;
	}
	return null;
}
