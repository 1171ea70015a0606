/* A waveform without decoding: levels are collected while recording, and folded into 64 bytes when it is sent. */
export const PEAKS = 64;

/* The loudest of each of 64 equal stretches, scaled so that quiet speech is visible too. Levels are 0 to 1. */
export function foldPeaks(levels: readonly number[]): number[] {
	const peaks = new Array<number>(PEAKS).fill(0);
	if (levels.length === 0) return peaks;
	let top = 0;
	for (let i = 0; i < PEAKS; i++) {
		const from = Math.floor((i * levels.length) / PEAKS);
		const to = Math.max(from + 1, Math.floor(((i + 1) * levels.length) / PEAKS));
		let peak = 0;
		for (let j = from; j < to; j++) peak = Math.max(peak, levels[j] ?? 0);
		peaks[i] = peak;
		top = Math.max(top, peak);
	}
	/* Silence stays flat: noise is not blown up to look like a voice. */
	const scale = 1 / Math.max(top, 0.08);
	return peaks.map(peak => clampByte(Math.sqrt(Math.max(0, peak) * scale) * 255));
}

function clampByte(value: number): number {
	return Math.max(0, Math.min(255, Math.round(Number.isFinite(value) ? value : 0)));
}

/* Keeps at most `max` levels of a recording by halving their resolution: three minutes need no more than a few hundred. */
export class Levels {
	#values: number[] = [];
	#stride = 1;
	#held = 0;
	#count = 0;
	readonly #max: number;

	constructor(max = 1024) {
		this.#max = max;
	}

	push(level: number): void {
		this.#held = Math.max(this.#held, level);
		if (++this.#count < this.#stride) return;
		this.#values.push(this.#held);
		this.#held = 0;
		this.#count = 0;
		if (this.#values.length < this.#max) return;
		const halved: number[] = [];
		for (let i = 0; i < this.#values.length; i += 2) {
			halved.push(Math.max(this.#values[i] ?? 0, this.#values[i + 1] ?? 0));
		}
		this.#values = halved;
		this.#stride *= 2;
	}

	get values(): readonly number[] {
		return this.#values;
	}

	/* For a draft that is put away and continued. */
	save(): LevelsSaved {
		return { values: [...this.#values], stride: this.#stride };
	}

	load(saved: LevelsSaved): void {
		this.#values = [...saved.values];
		this.#stride = Math.max(1, saved.stride);
	}
}

export interface LevelsSaved {
	readonly values: readonly number[];
	readonly stride: number;
}
