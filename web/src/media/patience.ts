/* How long the voice that comes in is held back before it is played. A piece that was lost is asked for again, and helps only if it comes
 * back in time; left to itself a browser does not wait for it. So while pieces go missing we wait for one round trip. Pure. */

const MOST_MS = 400;
/* For the question to go out, and for the answer to be put in its place. */
const MARGIN_MS = 40;
/* Pieces are lost in a row: the first of them is asked for when the first behind them has come. */
const PIECE_MS = 20;
const PIECES_MAX = 6;
/* So long after the last loss. */
const HOLD_MS = 15_000;

export class Patience {
	#until = Number.NEGATIVE_INFINITY;
	#targetMs: number | null = null;

	/* missed: pieces that did not come at first since the last time; rttMs: to the other browser and back. null: as the browser likes. */
	update(missed: number, rttMs: number, nowMs: number): number | null {
		if (missed > 0) {
			this.#until = nowMs + HOLD_MS;
			const row = PIECE_MS * Math.min(missed, PIECES_MAX);
			this.#targetMs = Math.max(this.#targetMs ?? 0, Math.min(MOST_MS, Math.round(rttMs) + MARGIN_MS + row));
		} else if (nowMs >= this.#until) this.#targetMs = null;
		return this.#targetMs;
	}
}
