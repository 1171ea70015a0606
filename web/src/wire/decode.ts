/* Bytes are validated once, here. A decoder gives the value with its type, or BAD; what it does not know is dropped. */
export const BAD: unique symbol = Symbol("bad");
export type Bad = typeof BAD;
export type Decode<T> = (x: unknown) => T | Bad;
export type Decoded<D> = D extends Decode<infer T> ? T : never;

export const bool: Decode<boolean> = x => (typeof x === "boolean" ? x : BAD);

/* A count, an id, a time: a whole number that doubles hold exactly. */
export const int: Decode<number> = x =>
	typeof x === "number" && Number.isSafeInteger(x) && x >= 0 ? x : BAD;

export const positive: Decode<number> = x => {
	const n = int(x);
	return n === BAD || n === 0 ? BAD : n;
};

export function text(max: number): Decode<string> {
	return x => (typeof x === "string" && x.length <= max ? x : BAD);
}

export const hexId: Decode<string> = x => (typeof x === "string" && /^[0-9a-f]{32}$/.test(x) ? x : BAD);

export function oneOf<const T extends readonly string[]>(...names: T): Decode<T[number]> {
	const known: ReadonlySet<string> = new Set(names);
	return x => (typeof x === "string" && known.has(x) ? x : BAD);
}

export function orNull<T>(decode: Decode<T>): Decode<T | null> {
	return x => (x === undefined || x === null ? null : decode(x));
}

export function orElse<T>(decode: Decode<T>, other: T): Decode<T> {
	return x => (x === undefined || x === null ? other : decode(x));
}

export function array<T>(decode: Decode<T>, max: number): Decode<readonly T[]> {
	return x => {
		if (!Array.isArray(x) || x.length > max) return BAD;
		const out: T[] = [];
		for (const item of x) {
			const value = decode(item);
			if (value === BAD) return BAD;
			out.push(value);
		}
		return out;
	};
}

type Fields = Record<string, Decode<unknown>>;
type Of<F extends Fields> = { readonly [K in keyof F]: Decoded<F[K]> };

export function isRecord(x: unknown): x is Record<string, unknown> {
	return typeof x === "object" && x !== null && !Array.isArray(x);
}

export function object<F extends Fields>(fields: F): Decode<Of<F>> {
	const entries = Object.entries(fields);
	return x => {
		if (!isRecord(x)) return BAD;
		const out: Record<string, unknown> = {};
		for (const [name, decode] of entries) {
			const value = decode(Object.hasOwn(x, name) ? x[name] : undefined);
			if (value === BAD) return BAD;
			out[name] = value;
		}
		return out as Of<F>;
	};
}
