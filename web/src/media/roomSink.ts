/* The others' voices, each in an <audio> of its own: Firefox hears only the first track of one. */
import type { RoomSink } from "./roomPorts.ts";

export class BrowserRoomSink implements RoomSink {
	readonly #all = new Set<HTMLAudioElement>();
	#output = "";
	#quiet = false;
	#offTouch: (() => void) | null = null;

	play(streams: readonly MediaStream[]): () => void {
		const mine = streams.map(stream => this.#one(stream));
		return () => {
			for (const audio of mine) this.#drop(audio);
		};
	}

	setQuiet(on: boolean): void {
		this.#quiet = on;
		for (const audio of this.#all) audio.muted = on;
	}

	async setOutput(deviceId: string): Promise<boolean> {
		this.#output = deviceId;
		const done = await Promise.all([...this.#all].map(audio => this.#route(audio)));
		return done.every(Boolean);
	}

	close(): void {
		this.#offTouch?.();
		for (const audio of [...this.#all]) this.#drop(audio);
	}

	#one(stream: MediaStream): HTMLAudioElement {
		const audio = new Audio();
		audio.autoplay = true;
		audio.muted = this.#quiet;
		audio.srcObject = stream;
		this.#all.add(audio);
		if (this.#output !== "") void this.#route(audio);
		/* Refused only where nobody has touched the page; it plays at the next touch. */
		audio.play().catch(() => this.#atNextTouch());
		return audio;
	}

	#drop(audio: HTMLAudioElement): void {
		this.#all.delete(audio);
		audio.pause();
		audio.srcObject = null;
	}

	async #route(audio: HTMLAudioElement): Promise<boolean> {
		if (!("setSinkId" in audio)) return false;
		try {
			await audio.setSinkId(this.#output);
			return true;
		} catch {
			return false;
		}
	}

	#atNextTouch(): void {
		if (this.#offTouch !== null) return;
		const again = () => {
			this.#offTouch = null;
			for (const audio of this.#all) void audio.play().catch(() => {});
		};
		document.addEventListener("pointerdown", again, { once: true });
		this.#offTouch = () => document.removeEventListener("pointerdown", again);
	}
}
