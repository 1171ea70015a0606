/* Everything together, and who is signed in. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { backoff } from "../lib/backoff.ts";
import { sleep } from "../lib/clock.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Hello } from "../wire/types.ts";
import { Chats } from "./chats.ts";
import { Core } from "./core.ts";
import { DeviceList } from "./deviceList.ts";
import { type EarlyParts, early } from "./early.ts";
import type { Env } from "./env.ts";
import { Logs } from "./logs.ts";
import { startNotices } from "./notices.ts";
import { Outbox } from "./outbox.ts";
import { People } from "./people.ts";
import { Player } from "./player.ts";
import { Settings } from "./settings.ts";
import { Thread, type ThreadParts } from "./thread.ts";
import type { AppModel, Connection, InviteView, MeView, SessionView, Toast } from "./types/app.ts";
import type { Limits } from "./types/base.ts";
import type { CallModel } from "./types/calls.ts";
import type { DraftsModel } from "./types/drafts.ts";
import type { GroupsModel } from "./types/groups.ts";
import type { LiveModel } from "./types/playing.ts";
import type { RecorderModel } from "./types/recorder.ts";
import type { RoomsModel } from "./types/rooms.ts";
import type { TalkModel } from "./types/talk.ts";
import type { NoteView, ThreadModel } from "./types/thread.ts";
import { Typing } from "./typing.ts";
import type { Voice } from "./voice.ts";

const PRELOAD_MS = 2_000;

type Stage =
	| { readonly name: "loading" }
	| { readonly name: "out"; readonly view: Extract<SessionView, { state: "signedOut" }> }
	| { readonly name: "in" };

export class App implements AppModel {
	readonly session: ReadonlySignal<SessionView>;
	readonly connection: ReadonlySignal<Connection>;
	readonly chats: Chats;
	readonly player: Player;
	readonly people: People;
	readonly devices: DeviceList;
	readonly settings: Settings;
	readonly updateReady = signal(false);
	readonly #core: Core;
	readonly #parts: ThreadParts;
	readonly #stage = signal<Stage>({ name: "loading" });
	readonly #early: EarlyParts;
	readonly #voice = signal<Voice | null>(null);
	#voiceComes: Promise<Voice | null> | null = null;
	#threads = new Map<number, Thread>();
	#inviteToken: string | null = null;
	#started = false;

	constructor(env: Env) {
		const core = new Core(env);
		this.#core = core;
		const logs = new Logs(core);
		const typing = new Typing(core);
		this.#early = early(env.canRecord, () => this.#loadVoice());
		this.player = new Player(core);
		const outbox = new Outbox(core, logs);
		this.#parts = { core, logs, outbox, voice: this.#voice, typing };
		this.chats = new Chats({
			core,
			logs,
			typing,
			live: () => this.live,
		});
		this.people = new People(core);
		this.devices = new DeviceList(core);
		this.settings = new Settings(core);
		startNotices(core, logs);
		this.player.nextOf = note => nextUnheard(this.thread(note.conv), note);
		core.scope.add(
			core.socket.states.on(state => {
				if (state === "signedOut") void this.#showSignedOut("revoked");
			}),
		);
		this.session = computed(() => this.#sessionView());
		this.connection = computed(() => connectionOf(core));
	}

	/* Whoever reads these while drawing or computing is told when they become the real ones. */
	get calls(): CallModel {
		return (this.#voice.value ?? this.#early).calls;
	}
	get talk(): TalkModel {
		return (this.#voice.value ?? this.#early).talk;
	}
	get rooms(): RoomsModel {
		return (this.#voice.value ?? this.#early).rooms;
	}
	get recorder(): RecorderModel {
		return (this.#voice.value ?? this.#early).recorder;
	}
	get drafts(): DraftsModel {
		return (this.#voice.value ?? this.#early).drafts;
	}
	get live(): LiveModel {
		return (this.#voice.value ?? this.#early).live;
	}
	get groups(): GroupsModel {
		return (this.#voice.value ?? this.#early).groups;
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
		void this.#loadVoice();
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
		const voice = await this.#loadVoice();
		if (voice === null) return;
		socket.start();
		/* So that a recording can begin also after the network went. */
		this.#core.scope.add(env.clock.after(PRELOAD_MS, () => void this.#core.kit()));
		await Promise.all([this.#parts.outbox.recover(), voice.groups.recover(), voice.uploads.recover()]);
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

	/* Asks again until it is there; null = the page ended. */
	#loadVoice(): Promise<Voice | null> {
		this.#voiceComes ??= this.#askForVoice();
		return this.#voiceComes;
	}

	async #askForVoice(): Promise<Voice | null> {
		const { env, scope } = this.#core;
		for (let tries = 0; !scope.ended; tries++) {
			const Made = await env.voice().catch(() => null);
			if (scope.ended) break;
			if (Made !== null) {
				const voice = new Made(this.#core);
				this.#onlyOneSounds(voice);
				this.#voice.value = voice;
				return voice;
			}
			await sleep(env.clock, backoff(tries, env.random));
		}
		return null;
	}

	/* Playing, listening live and recording silence one another. */
	#onlyOneSounds({ live, recorder }: Voice): void {
		this.player.onPlay = () => {
			for (const note of live.notes.value) live.stop(note.rec);
		};
		live.onListen = () => this.player.pause();
		let recording = false;
		this.#core.scope.add(
			recorder.view.subscribe(view => {
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
