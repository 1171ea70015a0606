/* Which tiles there are, and which of them is large. */
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { Scope } from "../lib/scope.ts";
import type { Speakers, WireSlot } from "../wire/rooms.ts";
import type { Core } from "./core.ts";
import { type Lines, Tiles, tileKey, visibleOf, wantedStage } from "./roomTiles.ts";
import type { RoomLayout, RoomPerson, RoomTalkView, RoomView, TileSource, TileView } from "./types/rooms.ts";

/* As many pictures as a connection has lines for. */
const TILES_MAX = 9;
/* A stage whose picture does not come is shown without one. */
const LATE_MS = 1_500;

type StageView = Pick<RoomTalkView, "layout" | "stage" | "pinned" | "tiles" | "more">;

interface Place {
	readonly key: string;
	readonly user: number;
	readonly source: TileSource;
	readonly of: RoomPerson;
}

export class RoomStage {
	readonly view: ReadonlySignal<StageView>;
	readonly speakers = signal<Pick<Speakers, "stage" | "before" | "order">>({
		stage: null,
		before: null,
		order: [],
	});
	readonly layout = signal<RoomLayout>("speaker");
	readonly pinned = signal<string | null>(null);
	readonly #core: Core;
	readonly #tiles = new Tiles();
	/* Read by whatever depends on what the tiles show. */
	readonly #changed = signal(0);
	readonly #stage = signal<string | null>(null);
	readonly #places: ReadonlySignal<readonly Place[]>;
	readonly #others: ReadonlySignal<readonly RoomPerson[]>;
	#visible: readonly number[] = [];
	#waitsFor: string | null = null;
	#offLate: () => void = () => {};

	constructor(core: Core, room: ReadonlySignal<RoomView | null>, scope: Scope) {
		this.#core = core;
		this.#others = computed(() => (room.value?.people ?? []).filter(person => person.here && !person.me));
		this.#places = computed(() => this.#placesOf());
		this.view = computed(() => this.#view());
		scope.add(() => this.#offLate());
		scope.add(effect(() => this.#follow()));
	}

	connected(lines: Lines): void {
		this.#tiles.connected(lines);
		this.#changed.value++;
	}

	ready(): void {
		this.#tiles.ready(this.#core.env.clock.now());
		this.#changed.value++;
	}

	assign(slots: readonly WireSlot[]): void {
		this.#tiles.assign(slots, this.#core.env.clock.now());
		this.#changed.value++;
	}

	frame(key: string): void {
		if (this.#tiles.frame(key, this.#core.env.clock.now())) this.#changed.value++;
	}

	pin(key: string | null): void {
		this.pinned.value = key;
	}

	#placesOf(): readonly Place[] {
		const others = this.#others.value;
		const users = others.map(({ person }) => person.id);
		const seen = visibleOf(users, this.speakers.value.order, this.#visible, TILES_MAX);
		this.#visible = seen;
		const place = (of: RoomPerson, source: TileSource): Place => {
			const user = of.person.id;
			return { key: tileKey(user, source), user, source, of };
		};
		const screens = others.filter(of => of.screen).map(of => place(of, "screen"));
		return [
			...screens,
			...others.filter(({ person }) => seen.includes(person.id)).map(of => place(of, "camera")),
		];
	}

	/* The stage changes when the next one has a picture, or has none to wait for. */
	#follow(): void {
		void this.#changed.value;
		const places = this.#places.value;
		const { stage, before } = this.speakers.value;
		const last = this.#stage.peek();
		const me = this.#core.me.value?.id ?? 0;
		const wanted = wantedStage({ me, tiles: places, pinned: this.pinned.value, stage, before, last });
		const pictures = places.filter(place => this.#hasPicture(place)).map(place => place.key);
		this.#tiles.keep(new Set(pictures), this.#core.env.clock.now());
		const there = places.some(place => place.key === last);
		const next = places.find(place => place.key === wanted);
		const ready = next === undefined || !this.#hasPicture(next) || this.#tiles.shown(next.key) !== null;
		if (wanted === last || ready || !there) {
			this.#offLate();
			this.#waitsFor = null;
			this.#stage.value = wanted;
		} else if (this.#waitsFor !== wanted) {
			this.#waitsFor = wanted;
			this.#offLate();
			this.#offLate = this.#core.env.clock.after(LATE_MS, () => {
				this.#waitsFor = null;
				this.#stage.value = wanted;
			});
		}
	}

	#hasPicture({ of, source }: Place): boolean {
		return source === "screen" ? of.screen : of.camera;
	}

	#view(): StageView {
		void this.#changed.value;
		const places = this.#places.value;
		const tiles = places.map((place): TileView => {
			const { key, source, of } = place;
			const picture = this.#hasPicture(place);
			return {
				key,
				source,
				of,
				shown: picture ? this.#tiles.shown(key) : null,
				next: picture ? this.#tiles.next(key) : null,
			};
		});
		const cameras = places.filter(place => place.source === "camera").length;
		return {
			layout: this.layout.value,
			stage: this.layout.value === "grid" ? null : this.#stage.value,
			pinned: this.pinned.value,
			tiles,
			more: Math.max(0, this.#others.value.length - cameras),
		};
	}
}
