/* The log of one chat, as far as this device holds it: an unbroken stretch up to the newest. Entries are kept for offline reading; what
 * is missing between is asked for, never skipped. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { array, BAD } from "../wire/decode.ts";
import { failure, type Result } from "../wire/errors.ts";
import { type Entry, entry as entryOf } from "../wire/types.ts";
import type { Core } from "./core.ts";

const PAGE = 50;
const CATCH_UP_PAGE = 200;
/* Further behind than this, the newest page is shown first and the rest is loaded when somebody scrolls up. */
const CATCH_UP_MAX = 1_000;

const page = array(entryOf, 1_000);

export class Log {
	readonly conv: number;
	readonly #core: Core;
	readonly #entries = signal<readonly Entry[]>([]);
	readonly #loading = signal(false);
	#loaded = false;
	#catching: Promise<void> | null = null;
	/* The newest seq that is known to exist. */
	#target = 0;
	#gotSeq = 0;

	constructor(core: Core, conv: number) {
		this.#core = core;
		this.conv = conv;
	}

	get entries(): ReadonlySignal<readonly Entry[]> {
		return this.#entries;
	}
	get loading(): ReadonlySignal<boolean> {
		return this.#loading;
	}
	get loaded(): boolean {
		return this.#loaded;
	}
	/* The newest that is held, 0 = none. */
	get high(): number {
		return this.#entries.value.at(-1)?.seq ?? 0;
	}
	get low(): number {
		return this.#entries.value[0]?.seq ?? 0;
	}

	/* Fills the newest page: from here at once, from the server as soon as there is one. */
	async load(): Promise<void> {
		if (!this.#loaded) {
			this.#loaded = true;
			const kept = await this.#core.env.storage.list("entries", [this.conv], ALL, {
				limit: PAGE,
				newestFirst: true,
			});
			if (this.#entries.value.length === 0) this.#entries.value = unbroken(kept);
		}
		await this.catchUp();
	}

	receive(entry: Entry): void {
		this.#target = Math.max(this.#target, entry.seq);
		void this.#core.env.storage.put("entries", [this.conv, entry.seq], entry);
		if (entry.kind === "delete" && entry.re !== null) this.#erase(entry.re);
		if (!this.#loaded) {
			void this.load();
			return;
		}
		const high = this.high;
		if (entry.seq === high + 1) {
			this.#entries.value = [...this.#entries.value, entry];
			this.#confirm(entry.seq);
		} else if (entry.seq > high + 1) {
			void this.catchUp();
		}
	}

	/* Gets everything between what is held and what exists. */
	catchUp(): Promise<void> {
		this.#target = Math.max(this.#target, this.#core.convs.value.get(this.conv)?.last_seq ?? 0);
		if (!this.#loaded || !this.#core.online) return Promise.resolve();
		this.#catching ??= this.#catch().finally(() => {
			this.#catching = null;
		});
		return this.#catching;
	}

	/* What came before is not mine to see. */
	get first(): number {
		const conv = this.#core.convs.value.get(this.conv);
		return conv?.kind === "group" ? conv.first_seq : 1;
	}

	async older(): Promise<Result> {
		const low = this.low;
		if (low <= this.first) return { ok: true };
		const kept = await this.#core.env.storage.list("entries", [this.conv], { from: low - PAGE, to: low - 1 });
		const joined = unbroken(kept);
		if (joined.at(-1)?.seq === low - 1 && (joined.length === PAGE || joined[0]?.seq === this.first)) {
			this.#prepend(low, joined);
			return { ok: true };
		}
		this.#loading.value = true;
		const got = await this.#get({ before: low, limit: PAGE });
		this.#loading.value = false;
		if (!got.ok) return got;
		this.#prepend(low, unbroken(got.entries));
		return { ok: true };
	}

	async #catch(): Promise<void> {
		this.#loading.value = this.#entries.value.length === 0 && this.#target > 0;
		try {
			while (this.high < this.#target) {
				const far = this.high + 1 < this.first || this.high === 0 || this.#target - this.high > CATCH_UP_MAX;
				const asked = far
					? await this.#get({ before: this.#target + 1, limit: PAGE })
					: await this.#get({ after: this.high, limit: CATCH_UP_PAGE });
				if (!asked.ok) return;
				this.#target = Math.max(this.#target, asked.lastSeq);
				if (!this.#append(asked.entries, far)) return;
			}
			this.#confirm(this.high);
		} finally {
			this.#loading.value = false;
		}
	}

	/* false: no progress was made. */
	#append(entries: readonly Entry[], anew: boolean): boolean {
		const before = this.high;
		if (anew) {
			const joined = unbroken(entries);
			if ((joined.at(-1)?.seq ?? 0) > before) this.#entries.value = joined;
		} else {
			const held = [...this.#entries.value];
			for (const entry of entries) if (entry.seq === (held.at(-1)?.seq ?? 0) + 1) held.push(entry);
			this.#entries.value = held;
		}
		return this.high > before;
	}

	/* Its bytes are gone everywhere, so they go from here too. */
	#erase(seq: number): void {
		const erased = (entry: Entry): Entry => {
			if (entry.kind === "text" || entry.kind === "note")
				return { ...entry, kind: "erased", was: entry.kind };
			return entry;
		};
		this.#entries.value = this.#entries.value.map(entry => (entry.seq === seq ? erased(entry) : entry));
		void this.#core.env.storage.get("entries", [this.conv, seq]).then(kept => {
			if (kept !== undefined) void this.#core.env.storage.put("entries", [this.conv, seq], erased(kept));
		});
	}

	#prepend(low: number, entries: readonly Entry[]): void {
		if (this.low === low && entries.at(-1)?.seq === low - 1)
			this.#entries.value = [...entries, ...this.#entries.value];
	}

	async #get(what: object): Promise<Result<{ entries: readonly Entry[]; lastSeq: number }>> {
		const answer = await this.#core.ask("log.get", { conv: this.conv, ...what }, { again: true });
		if (!answer.ok) return answer;
		const entries = page(answer.body.entries);
		if (entries === BAD) return failure("bad_answer");
		const ours = entries.filter(entry => entry.conv === this.conv);
		await this.#core.env.storage.putAll(
			"entries",
			ours.map(value => ({ key: [this.conv, value.seq], value })),
		);
		const lastSeq = answer.body.last_seq;
		return { ok: true, entries: ours, lastSeq: typeof lastSeq === "number" ? lastSeq : 0 };
	}

	/* This device holds all up to seq: the sender may say "delivered". */
	#confirm(seq: number): void {
		if (seq <= this.#gotSeq) return;
		this.#gotSeq = seq;
		if (seq > (this.#core.convs.value.get(this.conv)?.delivered ?? 0)) {
			void this.#core.tell("got", { conv: this.conv, seq }, { again: true });
		}
	}
}

const ALL = { from: 0, to: Number.MAX_SAFE_INTEGER };

/* The newest part that has no hole. */
function unbroken(entries: readonly Entry[]): readonly Entry[] {
	let from = entries.length - 1;
	while (from > 0 && entries[from - 1]?.seq === (entries[from]?.seq ?? 0) - 1) from--;
	return entries.slice(Math.max(0, from));
}
