import type { Key, ListOptions, Storage, Table, Tables } from "./storage.ts";

interface Row {
	readonly key: Key;
	readonly value: unknown;
}

/* The sibling for tests and for browsers without IndexedDB: the same contract, nothing survives. `refuse` plays a full disk. */
export class MemoryStorage implements Storage {
	refuse = false;
	#rows = new Map<Table, Map<string, Row>>();

	async get<T extends Table>(table: T, key: Key): Promise<Tables[T] | undefined> {
		return this.#table(table).get(JSON.stringify(key))?.value as Tables[T] | undefined;
	}

	async put<T extends Table>(table: T, key: Key, value: Tables[T]): Promise<boolean> {
		if (this.refuse) return false;
		this.#table(table).set(JSON.stringify(key), { key: [...key], value: structuredClone(value) });
		return true;
	}

	async putAll<T extends Table>(
		table: T,
		rows: readonly { readonly key: Key; readonly value: Tables[T] }[],
	): Promise<boolean> {
		if (this.refuse) return false;
		await Promise.all(rows.map(row => this.put(table, row.key, row.value)));
		return true;
	}

	async list<T extends Table>(
		table: T,
		prefix: Key,
		range?: { readonly from: number; readonly to: number },
		options: ListOptions = {},
	): Promise<readonly Tables[T][]> {
		const rows = [...this.#table(table).values()].filter(row => matches(row.key, prefix, range)).sort(byKey);
		if (options.newestFirst === true)
			rows.splice(0, Math.max(0, rows.length - (options.limit ?? rows.length)));
		else rows.splice(options.limit ?? rows.length);
		return rows.map(row => row.value as Tables[T]);
	}

	async remove(table: Table, key: Key): Promise<boolean> {
		return this.#table(table).delete(JSON.stringify(key));
	}

	async removeAll(table: Table, prefix: Key): Promise<boolean> {
		const rows = this.#table(table);
		for (const [name, row] of rows) if (matches(row.key, prefix)) rows.delete(name);
		return true;
	}

	async erase(): Promise<void> {
		this.#rows.clear();
	}

	#table(table: Table): Map<string, Row> {
		let rows = this.#rows.get(table);
		if (rows === undefined) {
			rows = new Map();
			this.#rows.set(table, rows);
		}
		return rows;
	}
}

function matches(key: Key, prefix: Key, range?: { readonly from: number; readonly to: number }): boolean {
	if (prefix.some((part, i) => key[i] !== part)) return false;
	if (range === undefined) return true;
	const n = key[prefix.length];
	return typeof n === "number" && n >= range.from && n <= range.to;
}

function byKey(a: Row, b: Row): number {
	for (let i = 0; i < Math.max(a.key.length, b.key.length); i++) {
		const x = a.key[i] ?? "";
		const y = b.key[i] ?? "";
		if (x === y) continue;
		return x < y ? -1 : 1;
	}
	return 0;
}
