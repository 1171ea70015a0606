/* One chat on the screen. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { failure, type Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import { display, textKey } from "./display.ts";
import { groupView } from "./group.ts";
import type { Log } from "./log.ts";
import type { Logs } from "./logs.ts";
import { codeOf, type Outbox } from "./outbox.ts";
import { sendingOf } from "./sending.ts";
import type { GroupView, PersonView } from "./types/base.ts";
import type { DisplayEntry, TextEntry, ThreadModel } from "./types/thread.ts";
import type { Typing } from "./typing.ts";
import type { Voice } from "./voice.ts";

const KEEP_MS = 300;

export interface ThreadParts {
	readonly core: Core;
	readonly logs: Logs;
	readonly outbox: Outbox;
	readonly voice: ReadonlySignal<Voice | null>;
	readonly typing: Typing;
}

export class Thread implements ThreadModel {
	readonly conv: number;
	readonly person: ReadonlySignal<PersonView | null>;
	readonly group: ReadonlySignal<GroupView | null>;
	readonly entries: ReadonlySignal<readonly DisplayEntry[]>;
	readonly hasOlder: ReadonlySignal<boolean>;
	readonly typing: ReadonlySignal<readonly PersonView[]>;
	readonly notFound: ReadonlySignal<boolean>;
	readonly #parts: ThreadParts;
	readonly #log: Log;
	readonly #firstUnread = signal<number | null>(null);
	readonly #draftText = signal("");
	#shown = false;
	#offKeep: () => void = () => {};

	constructor(parts: ThreadParts, conv: number) {
		this.#parts = parts;
		this.conv = conv;
		this.#log = parts.logs.of(conv);
		const { core } = parts;
		this.#draftText.value = core.env.keep.get(`draft.${conv}`) ?? "";
		this.person = computed(() => (core.convs.value.has(conv) ? core.personOf(conv) : null));
		this.entries = computed(() => this.#display());
		this.group = computed(() => {
			const known = core.convs.value.get(conv);
			const me = core.me.value?.id ?? 0;
			return known?.kind === "group" ? groupView(known, me, user => core.person(user)) : null;
		});
		this.hasOlder = computed(() => (this.#log.entries.value[0]?.seq ?? 1) > this.#log.first);
		this.typing = computed(() => parts.typing.of(conv));
		this.notFound = computed(() => core.link.value === "online" && !core.convs.value.has(conv));
		core.scope.add(core.env.page.onVisible(() => this.#updateShown()));
		core.scope.add(
			core.socket.events.on(event => {
				if (event.ev === "entry" && event.entry.conv === conv) this.#read();
			}),
		);
		core.scope.add(core.socket.hellos.on(() => queueMicrotask(() => this.#read())));
	}

	get loading(): ReadonlySignal<boolean> {
		return this.#log.loading;
	}
	get firstUnread(): ReadonlySignal<number | null> {
		return this.#firstUnread;
	}
	get draftText(): ReadonlySignal<string> {
		return this.#draftText;
	}

	setShown(on: boolean): void {
		if (on && !this.#shown) {
			const conv = this.#parts.core.convs.value.get(this.conv);
			this.#firstUnread.value = conv !== undefined && conv.unread > 0 ? conv.read + 1 : null;
			void this.#log.load();
			this.#closeNotification();
		}
		this.#shown = on;
		this.#updateShown();
	}

	loadOlder(): Promise<Result> {
		return this.#log.older();
	}

	setDraftText(text: string): void {
		this.#draftText.value = text;
		const { core, typing } = this.#parts;
		if (text !== "") typing.mine(this.conv);
		this.#offKeep();
		this.#offKeep = core.env.clock.after(KEEP_MS, () => this.#keepDraft());
	}

	sendText(text: string, answers?: number): void {
		const trimmed = text.trim();
		if (trimmed === "") return;
		this.#offKeep();
		this.#draftText.value = "";
		this.#keepDraft();
		this.#parts.outbox.add(this.conv, trimmed, answers ?? null);
	}

	retryText(key: string): void {
		const cid = this.#cidOf(key);
		if (cid !== null) this.#parts.outbox.retry(cid);
	}

	discardText(key: string): void {
		const cid = this.#cidOf(key);
		if (cid !== null) this.#parts.outbox.discard(cid);
	}

	async deleteEntry(seq: number): Promise<Result> {
		const { core, logs } = this.#parts;
		const cid = core.newCid();
		const answer = await core.ask("entry.delete", { conv: this.conv, seq, cid }, { again: true });
		if (!answer.ok) {
			core.failed("delete", answer.code);
			return failure(answer.code);
		}
		const { seq: at, ts } = answer.body;
		const me = core.me.value;
		if (typeof at === "number" && typeof ts === "number" && me !== null) {
			const device = core.device.value;
			logs.receive({
				conv: this.conv,
				seq: at,
				from: me.id,
				device,
				cid,
				ts,
				re: seq,
				call: null,
				kind: "delete",
			});
		}
		core.toast({ type: "entryDeleted" });
		return { ok: true };
	}

	async retryNote(rec: string): Promise<Result> {
		const upload = this.#parts.voice.value?.uploads.get(rec);
		if (upload === undefined) return failure("gone");
		upload.retry();
		return { ok: true };
	}

	async discardNote(rec: string): Promise<Result> {
		return this.#parts.voice.value?.drafts.discard(rec) ?? failure("gone");
	}

	async saveNote(rec: string): Promise<Result> {
		return this.#parts.voice.value?.drafts.saveFile(rec) ?? failure("gone");
	}

	#display(): readonly DisplayEntry[] {
		const { core } = this.#parts;
		const voice = this.#parts.voice.value;
		const conv = core.convs.value.get(this.conv);
		/* Read as a whole so that a change of any note is seen. */
		const notes = core.notes.value;
		const sending = (voice?.uploads.list.value ?? [])
			.filter(upload => upload.local.conv === this.conv)
			.map(upload => sendingOf(core, upload))
			.filter(one => one !== null);
		return display({
			conv: this.conv,
			me: core.me.value?.id ?? 0,
			device: core.device.value,
			entries: this.#log.entries.value,
			isGroup: conv?.kind === "group",
			person: user => core.person(user),
			theirRead: conv?.their_read ?? 0,
			theirDelivered: conv?.their_delivered ?? 0,
			noteState: seq => notes.get(`${this.conv}:${seq}`),
			pending: this.#pending(),
			sending,
			live: (voice?.live.notes.value ?? []).filter(note => note.conv === this.conv),
		});
	}

	#pending(): readonly TextEntry[] {
		const { core, outbox } = this.#parts;
		const device = core.device.value;
		return outbox.texts.value
			.filter(text => text.conv === this.conv)
			.map(text => ({
				type: "text",
				key: textKey(device, text.cid),
				seq: null,
				mine: true,
				from: null,
				ts: text.ts,
				text: text.text,
				send: text.failed === null ? "sending" : "failed",
				failed: text.failed === null ? null : codeOf(text.failed),
				answers: text.re === null ? null : { seq: text.re, text: "", mine: false, from: null },
				canDelete: false,
			}));
	}

	#cidOf(key: string): number | null {
		const { core, outbox } = this.#parts;
		return outbox.texts.value.find(text => textKey(core.device.value, text.cid) === key)?.cid ?? null;
	}

	#updateShown(): void {
		const { core } = this.#parts;
		const on = this.#shown && core.env.page.visible();
		if (on === core.shown.value.has(this.conv)) return;
		const shown = new Set(core.shown.value);
		if (on) shown.add(this.conv);
		else shown.delete(this.conv);
		core.shown.value = shown;
		this.#read();
	}

	#read(): void {
		if (this.#parts.core.shown.value.has(this.conv)) this.#parts.logs.read(this.conv);
	}

	#keepDraft(): void {
		const text = this.#draftText.value;
		this.#parts.core.env.keep.set(`draft.${this.conv}`, text === "" ? null : text);
		this.#parts.typing.drafts.value = new Map(this.#parts.typing.drafts.value).set(this.conv, text);
	}

	#closeNotification(): void {
		this.#parts.core.env.notify.close(`chat-${this.conv}`);
	}
}
