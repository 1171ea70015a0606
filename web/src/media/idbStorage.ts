import { deleteDB, type IDBPDatabase, openDB } from "idb";
import type { Key, ListOptions, Storage, Table, Tables } from "./storage.ts";
import { TABLES } from "./storage.ts";

const VERSION = 1;

/* IndexedDB, one database for each account so that two people on one browser never mix. */
export class IdbStorage implements Storage {
	#name: string | null = null;
	#db: Promise<IDBPDatabase> | null = null;

	/* Nothing is kept before it is known whose it is. */
	use(name: string): void {
		if (name === this.#name) return;
		this.#name = name;
		this.#db = null;
	}

	async get<T extends Table>(table: T, key: Key): Promise<Tables[T] | undefined> {
		return this.#try(async db => (await db.get(table, [...key])) as Tables[T] | undefined, undefined);
	}

	put<T extends Table>(table: T, key: Key, value: Tables[T]): Promise<boolean> {
		return this.putAll(table, [{ key, value }]);
	}

	putAll<T extends Table>(
		table: T,
		rows: readonly { readonly key: Key; readonly value: Tables[T] }[],
	): Promise<boolean> {
		if (rows.length === 0) return Promise.resolve(true);
		return this.#try(async db => {
			const write = db.transaction(table, "readwrite");
			await Promise.all([...rows.map(row => write.store.put(row.value, [...row.key])), write.done]);
			return true;
		}, false);
	}

	list<T extends Table>(
		table: T,
		prefix: Key,
		range?: { readonly from: number; readonly to: number },
		options: ListOptions = {},
	): Promise<readonly Tables[T][]> {
		const bounds = boundsOf(prefix, range);
		return this.#try(async db => {
			if (options.newestFirst !== true) return (await db.getAll(table, bounds, options.limit)) as Tables[T][];
			const rows: Tables[T][] = [];
			let cursor = await db.transaction(table).store.openCursor(bounds, "prev");
			while (cursor !== null && rows.length < (options.limit ?? Number.POSITIVE_INFINITY)) {
				rows.push(cursor.value as Tables[T]);
				cursor = await cursor.continue();
			}
			return rows.reverse();
		}, []);
	}

	remove(table: Table, key: Key): Promise<boolean> {
		return this.#try(async db => {
			await db.delete(table, [...key]);
			return true;
		}, false);
	}

	removeAll(table: Table, prefix: Key): Promise<boolean> {
		return this.#try(async db => {
			await db.delete(table, boundsOf(prefix));
			return true;
		}, false);
	}

	async erase(): Promise<void> {
		const db = await this.#db?.catch(() => null);
		db?.close();
		this.#db = null;
		if (this.#name !== null) await deleteDB(this.#name).catch(() => {});
	}

	async #try<R>(work: (db: IDBPDatabase) => Promise<R>, otherwise: R): Promise<R> {
		try {
			this.#db ??= this.#open();
			return await work(await this.#db);
		} catch {
			/* Private windows, full disks and deleted databases all end here; what could not be kept is said by the result. */
			this.#db = null;
			return otherwise;
		}
	}

	#open(): Promise<IDBPDatabase> {
		if (this.#name === null) return Promise.reject(new Error("whose storage?"));
		return openDB(this.#name, VERSION, {
			upgrade(db) {
				for (const table of TABLES) if (!db.objectStoreNames.contains(table)) db.createObjectStore(table);
			},
			blocking: (_now, _next, event) => (event.target as IDBDatabase | null)?.close(),
			terminated: () => {
				this.#db = null;
			},
		});
	}
}

/* Arrays sort after numbers and texts in IndexedDB, so [] closes a prefix from above. */
function boundsOf(prefix: Key, range?: { readonly from: number; readonly to: number }): IDBKeyRange {
	if (range === undefined) return IDBKeyRange.bound([...prefix], [...prefix, []]);
	return IDBKeyRange.bound([...prefix, range.from], [...prefix, range.to]);
}
