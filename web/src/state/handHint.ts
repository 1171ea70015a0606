/* Who has raised a hand and then had the word is asked whether the hand may go down. */
import { signal } from "@preact/signals";

/* Louder than this is speaking, not breathing. */
const SPEAKING = 0.04;
const SPOKEN_MS = 5_000;
/* A pause longer than this begins anew. */
const PAUSE_MS = 3_000;

export class HandHint {
	readonly hint = signal(false);
	readonly #raised: () => boolean;
	#spokenMs = 0;
	#silentMs = 0;
	#kept = false;

	constructor(raised: () => boolean) {
		this.#raised = raised;
	}

	heard(level: number, ms: number): void {
		if (!this.#raised()) {
			this.#begin();
			this.#kept = false;
			this.hint.value = false;
			return;
		}
		if (level > SPEAKING) {
			this.#spokenMs += ms;
			this.#silentMs = 0;
		} else this.#silentMs += ms;
		if (this.#silentMs > PAUSE_MS) this.#begin();
		if (this.#spokenMs >= SPOKEN_MS && !this.#kept) this.hint.value = true;
	}

	/* Seen: not asked again while the hand stays up. */
	keep(): void {
		this.#kept = true;
		this.hint.value = false;
	}

	#begin(): void {
		this.#spokenMs = 0;
		this.#silentMs = 0;
	}
}
