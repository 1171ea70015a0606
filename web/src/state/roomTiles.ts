/* Whose picture comes by which line of a connection, and which of them may be drawn. A tile never shows somebody else: what may still be
 * the picture of who was in that line before stays unseen until a frame of the new one has come; and a tile never goes black: the
 * last picture stays until the next has a frame. No time, no network. */
import type { WireSlot } from "../wire/rooms.ts";
import type { TileSource, TileStream } from "./types/rooms.ts";

/* The part of a connection that is needed here. */
export interface Lines {
	stream(mid: string): MediaStream | null;
	source(mid: string): number | null;
}

interface Shown extends TileStream {
	readonly mid: string;
	readonly connection: number;
}

interface Next extends Shown {
	/* Who was seen in that line last, by the server's number: a frame of theirs does not count. */
	readonly before: number | null;
	readonly since: number;
}

/* A number may be unknown to the browser, or the same person's after all: then any frame counts, so much later. */
const DOUBT_MS = 1_000;

export function tileKey(user: number, source: TileSource): string {
	return `${user}:${source}`;
}

export class Tiles {
	readonly #shown = new Map<string, Shown>();
	readonly #next = new Map<string, Next>();
	/* Whose numbers are known. */
	readonly #numbers = new Map<number, string>();
	#slots: readonly WireSlot[] = [];
	#owners = new Map<string, string>();
	#lines: Lines | null = null;
	#connection = 0;

	/* A new connection, whose lines may not be there yet: from now on what is assigned is of it. What the old one showed stays. */
	connected(lines: Lines): void {
		this.#lines = lines;
		this.#connection++;
		this.#slots = [];
		this.#owners = new Map();
		this.#next.clear();
		this.#numbers.clear();
	}

	/* Its lines are there. */
	ready(now: number): void {
		this.#owners = new Map();
		this.assign(this.#slots, now);
	}

	assign(slots: readonly WireSlot[], now: number): void {
		const lines = this.#lines;
		if (lines === null) return;
		this.#slots = slots;
		const owners = new Map<string, string>();
		for (const { mid, user, source } of slots) if (source !== "mic") owners.set(mid, tileKey(user, source));
		for (const [key, one] of this.#shown)
			if (one.connection === this.#connection && owners.get(one.mid) !== key) this.#shown.delete(key);
		for (const [key, one] of this.#next) if (owners.get(one.mid) !== key) this.#next.delete(key);
		for (const [mid, key] of owners) if (this.#owners.get(mid) !== key) this.#expect(lines, mid, key, now);
		this.#owners = owners;
	}

	/* Keys of tiles that have a picture now; what others showed is forgotten. Their line may stay theirs, for the next time. */
	keep(keys: ReadonlySet<string>, now: number): void {
		for (const [key, one] of [...this.#shown]) {
			if (keys.has(key)) continue;
			this.#shown.delete(key);
			const still = one.connection === this.#connection && this.#owners.get(one.mid) === key;
			if (still) this.#next.set(key, { ...one, before: null, since: now });
		}
	}

	/* `next` of that tile has drawn a frame. True: it is theirs, and shown from now on. */
	frame(key: string, now: number): boolean {
		const next = this.#next.get(key);
		if (next === undefined) return false;
		const number = this.#lines?.source(next.mid) ?? null;
		const known = number === null ? undefined : this.#numbers.get(number);
		const doubtful = number !== null && number === next.before && known !== key;
		if (doubtful && now - next.since < DOUBT_MS) return false;
		if (number !== null) this.#numbers.set(number, key);
		this.#next.delete(key);
		this.#shown.set(key, next);
		return true;
	}

	shown(key: string): TileStream | null {
		return this.#shown.get(key) ?? null;
	}

	next(key: string): TileStream | null {
		return this.#next.get(key) ?? null;
	}

	#expect(lines: Lines, mid: string, key: string, now: number): void {
		const stream = lines.stream(mid);
		if (stream === null) return;
		const before = this.#owners.has(mid) || this.#connection > 0 ? lines.source(mid) : null;
		const connection = this.#connection;
		this.#next.set(key, { key: `${connection}.${mid}`, stream, mid, connection, before, since: now });
	}
}

/* At most `max` of them, in their order: who spoke lately is among them; whoever is seen already stays while there is room. */
export function visibleOf(
	users: readonly number[],
	order: readonly number[],
	before: readonly number[],
	max: number,
): readonly number[] {
	if (users.length <= max) return users;
	const there = new Set(users);
	const chosen = new Set<number>();
	const add = (from: readonly number[], limit: number) => {
		for (const user of from) if (chosen.size < limit && there.has(user)) chosen.add(user);
	};
	add(order, Math.ceil(max / 2));
	add(before, max);
	add(users, max);
	return users.filter(user => chosen.has(user));
}

export interface StageFacts {
	readonly me: number;
	readonly tiles: readonly { readonly key: string; readonly user: number; readonly source: TileSource }[];
	readonly pinned: string | null;
	readonly stage: number | null;
	readonly before: number | null;
	/* What is on it now. */
	readonly last: string | null;
}

/* Which tile is to be large: the pinned one, else a screen that is shared, else who speaks; never my own. */
export function wantedStage(facts: StageFacts): string | null {
	const { tiles, me } = facts;
	const theirs = tiles.filter(tile => tile.user !== me);
	const camera = (user: number | null) =>
		theirs.find(tile => tile.user === user && tile.source === "camera")?.key ?? null;
	const there = (key: string | null) => (theirs.some(tile => tile.key === key) ? key : null);
	const screens = theirs.filter(tile => tile.source === "screen");
	const screen = there(facts.last?.endsWith(":screen") ? facts.last : null);
	return (
		there(facts.pinned) ??
		screen ??
		screens[0]?.key ??
		(facts.stage === me ? camera(facts.before) : (camera(facts.stage) ?? camera(facts.before))) ??
		there(facts.last) ??
		theirs[0]?.key ??
		null
	);
}
