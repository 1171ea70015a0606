/* Emoji that rise over their sender's tile for some seconds. Many at once are grouped; for those who listen there is a summary, not oftener
 * than every three seconds. */
import { signal } from "@preact/signals";
import type { Scope } from "../lib/scope.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { ReactionView } from "./types/rooms.ts";

export const REACTION_MS = 3_000;
/* The same from the same person within so long is one, with a count. */
const TOGETHER_MS = 800;
/* More than this at once: the same emoji are one, whoever sent them. */
const CROWD = 12;
const SUMMARY_MS = 3_000;
const MINE_MAX = 5;

interface Reaction extends ReactionView {
	readonly ts: number;
}

export class Reactions {
	readonly list = signal<readonly Reaction[]>([]);
	readonly #core: Core;
	readonly #room: string;
	#id = 0;
	#mine: number[] = [];
	#unsaid = new Map<string, Set<number>>();
	#saidTs = Number.NEGATIVE_INFINITY;
	#offSay: (() => void) | null = null;

	constructor(core: Core, room: string, scope: Scope) {
		this.#core = core;
		this.#room = room;
		scope.add(() => this.#offSay?.());
		scope.add(
			core.socket.events.on(event => {
				if (event.ev === "room.react" && event.room === room) this.#came(event.user, event.emoji);
			}),
		);
		scope.add(core.env.clock.every(250, () => this.#age()));
	}

	async send(emoji: string): Promise<Result> {
		const now = this.#core.env.clock.now();
		this.#mine = this.#mine.filter(ts => now - ts < REACTION_MS);
		if (this.#mine.length >= MINE_MAX) return failure("rate_limited");
		this.#mine.push(now);
		return this.#core.tell("room.react", { room: this.#room, emoji });
	}

	#came(user: number, emoji: string): void {
		const ts = this.#core.env.clock.now();
		const list = this.list.value;
		const crowd = list.length >= CROWD;
		const same = list.findLast(
			one => one.emoji === emoji && (crowd || (one.user === user && ts - one.ts < TOGETHER_MS)),
		);
		if (same === undefined) this.list.value = [...list, { id: ++this.#id, user, emoji, count: 1, ts }];
		else this.list.value = list.map(one => (one === same ? { ...one, count: one.count + 1, ts } : one));
		this.#say(user, emoji);
	}

	#age(): void {
		const now = this.#core.env.clock.now();
		if (this.list.value.some(one => now - one.ts >= REACTION_MS))
			this.list.value = this.list.value.filter(one => now - one.ts < REACTION_MS);
	}

	#say(user: number, emoji: string): void {
		if (user === this.#core.me.value?.id) return;
		const who = this.#unsaid.get(emoji) ?? new Set();
		this.#unsaid.set(emoji, who.add(user));
		const wait = Math.max(0, this.#saidTs + SUMMARY_MS - this.#core.env.clock.now());
		this.#offSay ??= this.#core.env.clock.after(wait, () => this.#sayAll());
	}

	#sayAll(): void {
		this.#offSay = null;
		this.#saidTs = this.#core.env.clock.now();
		const { words } = this.#core.env;
		const said = [...this.#unsaid].map(([emoji, users]) =>
			words.reacted(
				[...users].map(user => this.#core.person(user).name),
				emoji,
			),
		);
		this.#unsaid = new Map();
		this.#core.announce(said.join(" "));
	}
}
