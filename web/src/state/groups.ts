/* Making groups and changing them. A group that is asked for is on this device before it leaves, and is asked for under the same cid until
 * the server has answered, over reconnects and reloads; so there is never a second one. */
import { backoff } from "../lib/backoff.ts";
import { sleep } from "../lib/clock.ts";
import { toBase64Url } from "../media/base64.ts";
import { BAD, positive } from "../wire/decode.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Answer } from "../wire/socket.ts";
import type { Core } from "./core.ts";
import { known } from "./known.ts";
import { MOMENTARY } from "./outbox.ts";
import type { GroupsModel, Picture } from "./types/groups.ts";

/* How often a change is tried that the server cannot take now. */
const TRIES = 5;
const KEPT = ["groups"];

interface Wish {
	readonly cid: number;
	readonly name: string;
	readonly users: readonly number[];
	readonly picture: Picture | null;
	readonly pictureCid: number;
}

type Made = Result<{ conv: number }>;

export class Groups implements GroupsModel {
	readonly #core: Core;
	#wishes: readonly Wish[] = [];
	#waiting = new Map<number, (made: Made) => void>();
	#running = false;
	#tries = 0;

	constructor(core: Core) {
		this.#core = core;
		core.scope.add(
			core.socket.states.on(state => {
				if (state === "online") void this.#pump();
			}),
		);
	}

	/* What an earlier page was asked for. */
	async recover(): Promise<void> {
		const kept = (await this.#core.env.storage.get("kv", KEPT)) as readonly Wish[] | undefined;
		if (kept === undefined || kept.length === 0) return;
		this.#wishes = [...kept, ...this.#wishes];
		void this.#pump();
	}

	create(name: string, users: readonly number[], picture: Picture | null): Promise<Made> {
		const core = this.#core;
		const wish: Wish = { cid: core.newCid(), name: name.trim(), users, picture, pictureCid: core.newCid() };
		this.#keep([...this.#wishes, wish]);
		const made = new Promise<Made>(resolve => this.#waiting.set(wish.cid, resolve));
		void this.#pump();
		return made;
	}

	async shrink(file: Blob): Promise<Result<{ picture: Picture }>> {
		const picture = await this.#core.env.shrinkPicture(file).catch(() => null);
		if (picture !== null) return { ok: true, picture };
		this.#core.failed("picture", "unsupported");
		return failure("unsupported");
	}

	setName(conv: number, name: string): Promise<Result> {
		return this.#change("group.set", { conv, name: name.trim() });
	}

	setPicture(conv: number, picture: Picture | null): Promise<Result> {
		return this.#change("group.set", { conv, picture: picture === null ? "" : toBase64Url(picture) });
	}

	add(conv: number, users: readonly number[]): Promise<Result> {
		return this.#change("group.add", { conv, users });
	}

	remove(conv: number, user: number): Promise<Result> {
		return this.#change("group.remove", { conv, user });
	}

	setAdmin(conv: number, user: number, on: boolean): Promise<Result> {
		return this.#change("group.admin", { conv, user, on });
	}

	leave(conv: number): Promise<Result> {
		return this.remove(conv, this.#core.me.value?.id ?? 0);
	}

	async #change(command: string, args: object): Promise<Result> {
		const core = this.#core;
		const named = { ...args, cid: core.newCid() };
		const answer = await this.#ask(command, named);
		if (answer.ok) return { ok: true };
		core.failed("group", answer.code);
		return failure(answer.code);
	}

	/* Under one cid until it is answered, or there is no hope. */
	async #ask(command: string, args: object): Promise<Answer> {
		const core = this.#core;
		for (let tries = 0; ; tries++) {
			const answer = await core.ask(command, args, { again: true });
			if (answer.ok || !MOMENTARY.has(answer.code) || tries >= TRIES || !core.online) return answer;
			await sleep(core.env.clock, Math.max(answer.retryMs ?? 0, backoff(tries, core.env.random)));
		}
	}

	async #pump(): Promise<void> {
		if (this.#running) return;
		this.#running = true;
		try {
			for (;;) {
				const next = this.#wishes[0];
				if (next === undefined || !this.#core.online) return;
				if (!(await this.#make(next))) return;
			}
		} finally {
			this.#running = false;
		}
	}

	/* false: not now. */
	async #make(wish: Wish): Promise<boolean> {
		const core = this.#core;
		const { cid, name, users } = wish;
		const answer = await core.ask("group.create", { cid, name, users });
		if (!answer.ok && MOMENTARY.has(answer.code)) {
			const ms = Math.max(answer.retryMs ?? 0, backoff(this.#tries++, core.env.random));
			if (core.online) core.env.clock.after(ms, () => void this.#pump());
			return false;
		}
		this.#tries = 0;
		const conv = answer.ok ? positive(answer.body.conv) : BAD;
		if (conv !== BAD) {
			await known(core, conv);
			if (!(await this.#picture(wish, conv))) return false;
		}
		this.#keep(this.#wishes.filter(one => one !== wish));
		this.#finish(wish, conv !== BAD ? { ok: true, conv } : answer.ok ? failure("bad_answer") : answer);
		return true;
	}

	/* The group is there; without its picture, if it has to be. false: not now. */
	async #picture(wish: Wish, conv: number): Promise<boolean> {
		if (wish.picture === null) return true;
		const args = { conv, cid: wish.pictureCid, picture: toBase64Url(wish.picture) };
		const answer = await this.#ask("group.set", args);
		if (answer.ok) return true;
		if (!this.#core.online) return false;
		this.#core.failed("picture", answer.code);
		return true;
	}

	#finish(wish: Wish, made: Made): void {
		this.#waiting.get(wish.cid)?.(made);
		this.#waiting.delete(wish.cid);
		if (!made.ok) this.#core.failed("group", made.code);
	}

	#keep(wishes: readonly Wish[]): void {
		this.#wishes = wishes;
		void this.#core.env.storage.put("kv", KEPT, wishes);
	}
}
