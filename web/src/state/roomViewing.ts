/* Tells the server what this device shows, and how tall: nothing is sent that nobody sees. */
import type { Scope } from "../lib/scope.ts";
import type { Core } from "./core.ts";
import type { TileSource } from "./types/rooms.ts";

const WAIT_MS = 150;
const RETRY_MS = 1_000;
const VIEWS = 32;
const TALLEST = 1080;
/* Steps, so that a window being dragged is not told pixel by pixel. */
const STEP = 16;

export class RoomViewing {
	readonly #core: Core;
	readonly #room: string;
	readonly #heights = new Map<string, number>();
	readonly #ended: () => boolean;
	/* In a window of its own, which is seen though the page is not. */
	#floating: { readonly tile: string; readonly height: number } | null = null;
	#told = "[]";
	#off: (() => void) | null = null;

	constructor(core: Core, room: string, scope: Scope) {
		this.#core = core;
		this.#room = room;
		this.#ended = () => scope.ended;
		scope.add(() => this.#off?.());
		scope.add(core.env.page.onVisible(() => this.#soon()));
	}

	sized(tile: string, height: number): void {
		const tall = Math.min(TALLEST, Math.ceil(Math.max(0, height) / STEP) * STEP);
		if (tall === (this.#heights.get(tile) ?? 0)) return;
		if (tall === 0) this.#heights.delete(tile);
		else this.#heights.set(tile, tall);
		this.#soon();
	}

	floats(tile: string | null, height: number): void {
		this.#floating = tile === null ? null : { tile, height };
		this.#soon();
	}

	/* The server has a new connection of mine, and knows nothing of it. */
	again(): void {
		this.#told = "";
		this.#soon();
	}

	#soon(ms = WAIT_MS): void {
		this.#off ??= this.#core.env.clock.after(ms, () => {
			this.#off = null;
			this.#tell();
		});
	}

	#tell(): void {
		const seen = new Map(this.#core.env.page.visible() ? this.#heights : []);
		const floating = this.#floating;
		if (floating) seen.set(floating.tile, Math.max(floating.height, seen.get(floating.tile) ?? 0));
		const views = [...seen]
			.sort(([, a], [, b]) => b - a)
			.slice(0, VIEWS)
			.map(([tile, height]) => {
				const [user, source] = tile.split(":");
				return { user: Number(user), source: source as TileSource, height };
			});
		const told = JSON.stringify(views);
		if (told === this.#told) return;
		this.#told = told;
		void this.#core.tell("room.view", { room: this.#room, views }).then(said => {
			if (said.ok || this.#told !== told || this.#ended()) return;
			this.#told = "";
			this.#soon(RETRY_MS);
		});
	}
}
