/* The other's voice in one <audio>, their pictures as streams for whoever shows them. */
import type { Sink, Slot } from "./talkPorts.ts";

export class BrowserSink implements Sink {
	onChange: (() => void) | null = null;
	picture: MediaStream | null = null;
	screen: MediaStream | null = null;
	readonly #audio = new Audio();
	#level: () => number = () => 0;

	constructor() {
		this.#audio.autoplay = true;
	}

	put(slot: Slot, track: MediaStreamTrack, level: () => number): void {
		const stream = new MediaStream([track]);
		if (slot === "audio") {
			this.#level = level;
			this.#audio.srcObject = stream;
			/* Refused only where nobody has touched the page; it plays at the next touch. */
			this.#audio.play().catch(() => this.#atNextTouch());
		} else if (slot === "camera") this.picture = stream;
		else this.screen = stream;
		this.onChange?.();
	}

	level(): number {
		return this.#level();
	}

	async setOutput(deviceId: string): Promise<boolean> {
		if (!("setSinkId" in this.#audio)) return false;
		try {
			await this.#audio.setSinkId(deviceId);
			return true;
		} catch {
			return false;
		}
	}

	close(): void {
		this.onChange = null;
		this.#audio.pause();
		this.#audio.srcObject = null;
	}

	#atNextTouch(): void {
		const again = () => void this.#audio.play().catch(() => {});
		document.addEventListener("pointerdown", again, { once: true });
	}
}
