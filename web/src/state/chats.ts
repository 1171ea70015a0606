/* The list of chats. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { BAD, positive } from "../wire/decode.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { RoomBody } from "../wire/rooms.ts";
import type { Conv, Entry } from "../wire/types.ts";
import type { Core } from "./core.ts";
import { changeOf, groupView } from "./group.ts";
import { known } from "./known.ts";
import { isAmend, isMissedRoom, type Logs, tellsMissed } from "./logs.ts";
import type { ChatFilter, ChatsModel, ChatView, LastView } from "./types/chats.ts";
import type { LiveModel } from "./types/playing.ts";
import type { Typing } from "./typing.ts";

export interface ChatParts {
	readonly core: Core;
	readonly logs: Logs;
	readonly typing: Typing;
	live(): LiveModel;
}

export class Chats implements ChatsModel {
	readonly list: ReadonlySignal<readonly ChatView[]>;
	readonly all: ReadonlySignal<readonly ChatView[]>;
	readonly unreadTotal: ReadonlySignal<number>;
	readonly unheardTotal: ReadonlySignal<number>;
	readonly loaded: ReadonlySignal<boolean>;
	readonly #parts: ChatParts;
	readonly #filter = signal<ChatFilter>("all");
	readonly #query = signal("");

	constructor(parts: ChatParts) {
		this.#parts = parts;
		const { core } = parts;
		this.loaded = computed(() => core.me.value !== null);
		this.all = computed(() => {
			const views = [...core.convs.value.values()].map(conv => this.#view(conv));
			return views.sort((a, b) => b.activityTs - a.activityTs || b.conv - a.conv);
		});
		this.list = computed(() => this.all.value.filter(chat => this.#matches(chat)));
		this.unreadTotal = computed(() => this.all.value.reduce((sum, chat) => sum + chat.unread, 0));
		this.unheardTotal = computed(() => this.all.value.filter(chat => chat.unheard).length);
	}

	get filter(): ReadonlySignal<ChatFilter> {
		return this.#filter;
	}
	get query(): ReadonlySignal<string> {
		return this.#query;
	}

	setFilter(filter: ChatFilter): void {
		this.#filter.value = filter;
	}

	setQuery(query: string): void {
		this.#query.value = query;
	}

	async open(user: number): Promise<Result<{ conv: number }>> {
		const { core } = this.#parts;
		for (const conv of core.convs.value.values())
			if (conv.kind === "direct" && conv.with === user) return { ok: true, conv: conv.conv };
		const answer = await core.ask("chat.open", { user }, { again: true });
		if (!answer.ok) {
			core.failed("people", answer.code);
			return failure(answer.code);
		}
		const conv = positive(answer.body.conv);
		if (conv === BAD) return failure("bad_answer");
		await known(core, conv);
		return { ok: true, conv };
	}

	#matches(chat: ChatView): boolean {
		const filter = this.#filter.value;
		if (filter === "missed" && !chat.missed) return false;
		if (filter === "unheard" && !chat.unheard) return false;
		const words = fold(this.#query.value).split(/\s+/).filter(Boolean);
		/* A group is found by who is in it, too. */
		const others = (chat.group?.members ?? []).filter(member => !member.me).map(member => member.person.name);
		const names = fold([chat.person.name, chat.person.username, ...others].join(" ")).split(/\s+/);
		return words.every(word => names.some(name => name.startsWith(word)));
	}

	#view(conv: Conv): ChatView {
		const { core, typing, live, logs } = this.#parts;
		const me = core.me.value?.id ?? 0;
		const entries = logs.of(conv.conv).entries.value;
		const last = lastOf(core, conv, entries, me);
		const draft = typing.drafts.value.get(conv.conv) ?? core.env.keep.get(`draft.${conv.conv}`) ?? "";
		return {
			conv: conv.conv,
			person: core.personOf(conv.conv),
			group: conv.kind === "group" ? groupView(conv, me, user => core.person(user)) : null,
			last,
			activityTs: last?.ts ?? 0,
			unread: conv.unread,
			unheard: this.#unheard(conv, entries, me),
			missed: hasMissed(conv, entries, me, 0),
			missedNew: hasMissed(conv, entries, me, conv.read),
			typing: typing.of(conv.conv),
			leavingNote: live().notes.value.find(note => note.conv === conv.conv && note.canAnswer)?.kind ?? null,
			draftText: draft,
		};
	}

	#unheard(conv: Conv, entries: readonly Entry[], me: number): boolean {
		const notes = this.#parts.core.notes.value;
		const held = entries.length > 0 ? entries : conv.last === null ? [] : [conv.last];
		const gone = new Set(
			held.flatMap(entry => (entry.kind === "delete" && entry.re !== null ? [entry.re] : [])),
		);
		return held.some(
			entry =>
				entry.kind === "note" &&
				entry.from !== me &&
				!gone.has(entry.seq) &&
				notes.get(`${conv.conv}:${entry.seq}`)?.played !== true,
		);
	}
}

function hasMissed(conv: Conv, entries: readonly Entry[], me: number, after: number): boolean {
	const held = entries.length > 0 ? entries.slice(-30) : conv.last === null ? [] : [conv.last];
	/* The last word about each. */
	const about = (entry: Entry) => (isAmend(entry) && entry.re) || entry.seq;
	const last = new Map(held.map(entry => [about(entry), entry]));
	return [...last].some(([seq, entry]) => seq > after && tellsMissed(entry, me));
}

/* What a row says last: of a call and its note, the note; of a deletion, the deletion. */
function lastOf(core: Core, conv: Conv, entries: readonly Entry[], me: number): LastView | null {
	const fallback = conv.last;
	const newest = entries.findLast(entry => entry.kind !== "void") ?? null;
	const entry = newest !== null && (fallback === null || newest.seq >= fallback.seq) ? newest : fallback;
	if (entry === null) return null;
	const person = (user: number) => core.person(user);
	const base = {
		from: conv.kind === "group" && entry.from !== me ? person(entry.from) : null,
		change: null,
		ts: entry.ts,
		mine: entry.from === me,
		text: "",
		durationMs: null,
		kind: null,
		outcome: null,
	};
	switch (entry.kind) {
		case "text":
			return { ...base, glyph: "text", text: entry.body.text.slice(0, 200) };
		case "note": {
			const glyph = entry.body.kind === "video" ? "videoNote" : "voiceNote";
			return { ...base, glyph, durationMs: entry.body.duration_ms, kind: entry.body.kind };
		}
		case "call":
		case "amend": {
			const { kind, outcome, duration_ms, by } = entry.body;
			const mine = (by === 0 ? entry.from : by) === me;
			const glyph = outcome === "answered" ? "call" : mine ? "outgoingCall" : "missedCall";
			return { ...base, mine, glyph, durationMs: duration_ms, kind, outcome };
		}
		case "group":
			return { ...base, glyph: "group", change: changeOf(entry.from, entry.body, me, person) };
		case "room":
		case "roomAmend":
			return { ...base, ...lastRoom(entry.body, me) };
		case "delete":
		case "erased":
			return { ...base, glyph: "deleted" };
		case "void":
			return null;
	}
}

function lastRoom(body: RoomBody, me: number): Pick<LastView, "glyph" | "durationMs" | "kind"> {
	return {
		glyph: isMissedRoom(body, me) ? "missedRoom" : "room",
		durationMs: body.duration_ms,
		kind: body.kind === "video" ? "video" : "voice",
	};
}

/* Case and accents do not count when looking for a name. */
function fold(text: string): string {
	return text
		.normalize("NFD")
		.replace(/\p{M}+/gu, "")
		.toLowerCase();
}
