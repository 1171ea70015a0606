/* Waiting before the n-th try (from 0): doubles up to a ceiling, half of it random so that a thousand clients do not come at once. */
export function backoff(tries: number, random: () => number, firstMs = 400, maxMs = 15_000): number {
	const full = Math.min(maxMs, firstMs * 2 ** Math.min(tries, 16));
	return Math.round(full / 2 + (full / 2) * random());
}
