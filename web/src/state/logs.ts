/* All logs, and what entries do to the list of chats: last entry, unread count. */
import { Emitter } from "../lib/emitter.ts";
import type { RoomBody } from "../wire/rooms.ts";
import type { Entry } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { Log } from "./log.ts";

export class Logs {
	/* Entries as they come in live, each once, in order of the chat. */
	readonly arrivals = new Emitter<Entry>();
	readonly #core: Core;
	#logs = new Map<number, Log>();
	#newest = new Map<number, number>();
	#wasHere = false;
	#filling = false;

	constructor(core: Core) {
		this.#core = core;
		core.scope.add(core.socket.hellos.on(() => this.#caughtUp()));
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "entry") this.receive(event.entry);
			}),
		);
	}

	of(conv: number): Log {
		let log = this.#logs.get(conv);
		if (log === undefined) {
			log = new Log(this.#core, conv);
			this.#logs.set(conv, log);
		}
		return log;
	}

	receive(entry: Entry): void {
		const known = this.#core.convs.value.get(entry.conv);
		/* Of a chat that is new since the last hello nothing was told yet, though it came with its first entry. */
		const newest = this.#newest.get(entry.conv) ?? 0;
		this.#newest.set(entry.conv, Math.max(newest, entry.seq));
		if (known !== undefined && entry.seq > known.last_seq) {
			const unread = Math.max(0, known.unread + this.#counts(entry, known.read));
			const last = entry.kind === "void" ? known.last : entry;
			this.#core.patchConv(entry.conv, { last_seq: entry.seq, last, unread });
		}
		this.of(entry.conv).receive(entry);
		if (entry.seq > newest) this.arrivals.emit(entry);
	}

	/* The read watermark, forwards only. */
	read(conv: number): void {
		const known = this.#core.convs.value.get(conv);
		if (known === undefined || (known.read >= known.last_seq && known.unread === 0)) return;
		this.#core.patchConv(conv, { read: known.last_seq, unread: 0 });
		void this.#core.tell("read", { conv, seq: known.last_seq }, { again: true });
	}

	/* By how much it changes what a badge counts: a missed call and its note are one. */
	#counts(entry: Entry, read: number): number {
		const me = this.#core.me.value?.id ?? 0;
		if (entry.from === me || this.#core.shown.value.has(entry.conv)) return 0;
		const before = this.of(entry.conv).entries.value.filter(
			other => entry.call !== null && other.call === entry.call && other.seq > read,
		);
		const last = before.findLast(other => other.kind !== "note");
		const missed = last !== undefined && tellsMissed(last, me);
		if (entry.kind === "text") return 1;
		if (entry.kind === "note") return missed ? 0 : 1;
		if (entry.kind === "call" || entry.kind === "room") return tellsMissed(entry, me) ? 1 : 0;
		/* I came after all; a note that was left meanwhile still counts. */
		const came = missed && isAmend(entry) && !tellsMissed(entry, me);
		return came && !before.some(other => other.kind === "note") ? -1 : 0;
	}

	#caughtUp(): void {
		for (const conv of this.#core.convs.value.values()) {
			/* What came while the line was down is told once a chat, by its last entry: a note stands for its missed call, too. */
			const isNews = this.#wasHere && conv.unread > 0 && conv.last_seq > (this.#newest.get(conv.conv) ?? 0);
			if (isNews && conv.last !== null) this.arrivals.emit(conv.last);
			this.#newest.set(conv.conv, Math.max(this.#newest.get(conv.conv) ?? 0, conv.last_seq));
			const log = this.of(conv.conv);
			if (log.loaded) void log.catchUp();
			else if (conv.delivered < conv.last_seq) void log.load();
		}
		this.#wasHere = true;
		void this.#fill();
	}

	/* The end of every chat, one after the other, the newest first: the calls, what was missed and what is unheard are asked of all. */
	async #fill(): Promise<void> {
		if (this.#filling) return;
		this.#filling = true;
		const convs = [...this.#core.convs.value.values()];
		convs.sort((a, b) => (b.last?.ts ?? 0) - (a.last?.ts ?? 0));
		for (const { conv } of convs) {
			if (this.#core.scope.ended || !this.#core.online) break;
			if (!this.of(conv).loaded) await this.of(conv).load();
		}
		this.#filling = false;
	}
}

/* What rang nobody, nobody has missed. */
export function isMissedRoom(body: RoomBody, me: number): boolean {
	return body.kind !== "chat" && body.rang && body.by !== me && !body.knew.includes(me);
}

export function isAmend(entry: Entry): boolean {
	return entry.kind === "amend" || entry.kind === "roomAmend";
}

/* A call or room that I have missed, as far as this entry says: an amendment may say otherwise later. */
export function tellsMissed(entry: Entry, me: number): boolean {
	if (entry.kind === "call" || entry.kind === "amend")
		return entry.from !== me && isMissed(entry.body.outcome);
	return (entry.kind === "room" || entry.kind === "roomAmend") && isMissedRoom(entry.body, me);
}

/* For the callee: a call that deserves a badge. */
export function isMissed(outcome: string): boolean {
	return (
		outcome === "no_answer" ||
		outcome === "busy" ||
		outcome === "unreachable" ||
		outcome === "cancelled" ||
		outcome === "failed" ||
		outcome === "silenced"
	);
}
