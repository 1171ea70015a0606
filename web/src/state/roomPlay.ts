/* For tests: a room in virtual time. Four people in a group, a server that lets them in, connections that obey. */

import { App } from "./app.ts";
import { BEN, ME, newWorld, type World } from "./fakes.ts";
import type { FakeRoomPeer } from "./roomFakes.ts";
import type { RoomTalkView, TileView } from "./types/rooms.ts";

export const ROOM = "a0".repeat(16);
export const GROUP = 9;
export const CARLA = 3;
export const DEV = 4;
/* This device. */
export const MINE = 11;

type Person = { user: number; state: string } & Record<string, unknown>;

export class RoomPlay {
	readonly world: World = newWorld();
	readonly app: App;
	/* As the server knows them. */
	people: Person[] = [
		{ user: BEN, state: "joined", device: null },
		{ user: ME, state: "invited" },
	];
	joins = 0;
	/* What room.join is answered with instead. */
	refuse: object | null = null;
	#rev = 0;

	constructor() {
		const { server } = this.world;
		const users = server.hello.users as object[];
		users.push({ id: CARLA, username: "carla", name: "Carla" }, { id: DEV, username: "dev", name: "Dev" });
		const members = [ME, BEN, CARLA, DEV].map(user => ({ user, admin: user === ME }));
		const group = { name: "Garden", picture: null, members };
		(server.hello.convs as object[]).push({ conv: GROUP, kind: "group", group, last_seq: 0, last: null });
		server.on("room.join", args => this.#join(args));
		server.on("room.start", args => {
			this.people = [{ user: ME, state: "invited" }];
			const state = args.ring ? "ringing" : "live";
			return { room: this.snapshot({ room: args.room, kind: args.kind, by: ME, state }) };
		});
		this.app = new App(this.world.env);
	}

	static async begin(): Promise<RoomPlay> {
		const play = new RoomPlay();
		await play.app.start();
		await play.world.clock.advance(1_000);
		return play;
	}

	get peer(): FakeRoomPeer {
		const { last } = this.world.rooms;
		if (last === undefined) throw new Error("no connection in this play");
		return last;
	}

	get view(): RoomTalkView {
		const view = this.app.rooms.view.value;
		if (view === null) throw new Error("in no room");
		return view;
	}

	tile(key: string): TileView {
		const tile = this.view.tiles.find(one => one.key === key);
		if (tile === undefined) throw new Error(`no tile ${key}`);
		return tile;
	}

	snapshot(over: object = {}): object {
		return {
			room: ROOM,
			conv: GROUP,
			kind: "video",
			by: BEN,
			state: "live",
			started: this.world.clock.now(),
			may_moderate: false,
			people: this.people,
			hands: [],
			rev: ++this.#rev,
			...over,
		};
	}

	set(user: number, fields: object): void {
		const others = this.people.filter(one => one.user !== user);
		this.people = [...others, { user, state: "joined", ...fields }].sort((a, b) => a.user - b.user);
	}

	async tell(over: object = {}): Promise<void> {
		this.world.server.event("room", { room: this.snapshot(over) });
		await this.world.clock.advance(0);
	}

	async event(ev: string, fields: object): Promise<void> {
		this.world.server.event(ev, { room: ROOM, ...fields });
		await this.world.clock.advance(0);
	}

	slots(epoch: number, ...list: [string, number, string][]): Promise<void> {
		return this.event("room.slots", {
			epoch,
			slots: list.map(([mid, user, source]) => ({ mid, user, source })),
		});
	}

	async joinRoom(options?: { muted?: boolean; camera?: boolean }): Promise<void> {
		await this.tell();
		const joined = this.app.rooms.join(ROOM, options);
		await this.world.clock.advance(0);
		await joined;
		this.peer.become("connected");
		await this.world.clock.advance(0);
	}

	#join(args: Record<string, unknown>): object {
		if (this.refuse !== null) return this.refuse;
		this.joins++;
		const { muted, camera } = args;
		this.people = this.people.map(one =>
			one.user === ME ? { user: ME, state: "joined", device: MINE, muted, camera } : one,
		);
		const media = { ufrag: "u", pwd: "p", fingerprint: "AA", candidates: [], slots: [], peer: this.joins };
		return { room: this.snapshot(), media };
	}
}
