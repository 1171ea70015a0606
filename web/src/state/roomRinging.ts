/* Group calls that ring here. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Room } from "../wire/rooms.ts";
import type { Core } from "./core.ts";
import { Ringer } from "./ringer.ts";
import { groupOf, incomingView, mineOf } from "./roomViews.ts";
import type { RoomIncomingView } from "./types/rooms.ts";

export class RoomRinging {
	readonly views: ReadonlySignal<readonly RoomIncomingView[]>;
	readonly #core: Core;
	readonly #ringer: Ringer;
	readonly #answering = signal<ReadonlySet<string>>(new Set());
	/* Declined or answered here: a snapshot that was under way does not make it ring again. */
	readonly #over = signal<ReadonlySet<string>>(new Set());
	#acked = new Set<string>();

	constructor(core: Core, rooms: ReadonlySignal<ReadonlyMap<string, Room>>, inCall: () => boolean) {
		this.#core = core;
		this.#ringer = new Ringer(core, inCall);
		this.views = computed(() => {
			const waiting = inCall();
			return [...rooms.value.values()]
				.filter(room => this.#rings(room))
				.map(room => ({
					...incomingView(core, room),
					waiting,
					answering: this.#answering.value.has(room.room),
				}));
		});
		core.scope.add(core.socket.hellos.on(() => this.#acked.clear()));
	}

	changed(room: Room): void {
		/* Rung once more, later. */
		if (mineOf(this.#core, room)?.state !== "ringing") this.#forget(room.room);
		if (!this.#rings(room)) {
			this.#ringer.stop(room.room);
			return;
		}
		if (!this.#acked.has(room.room)) {
			this.#acked.add(room.room);
			void this.#core.tell("room.ring", { room: room.room }, { again: true });
		}
		const { words } = this.#core.env;
		const kind = room.kind === "video" ? "video" : "voice";
		this.#ringer.ring(room.room, room.conv, words.incomingCall(kind, groupOf(this.#core, room).name));
	}

	gone(room: string): void {
		this.#ringer.stop(room);
		this.answering(room, false);
		this.#forget(room);
	}

	silence(room: string): void {
		this.#ringer.silence(room);
	}

	over(room: string): void {
		this.#over.value = new Set(this.#over.value).add(room);
		this.#ringer.stop(room);
	}

	answering(room: string, on: boolean): void {
		const next = new Set(this.#answering.value);
		if (on) next.add(room);
		else next.delete(room);
		this.#answering.value = next;
		if (on) this.silence(room);
	}

	#rings(room: Room): boolean {
		const open = room.state === "ringing" || room.state === "live";
		const rung = mineOf(this.#core, room)?.state === "ringing";
		return open && rung && room.kind !== "chat" && !this.#over.value.has(room.room);
	}

	#forget(room: string): void {
		this.#acked.delete(room);
		if (!this.#over.peek().has(room)) return;
		const rest = new Set(this.#over.peek());
		rest.delete(room);
		this.#over.value = rest;
	}
}
