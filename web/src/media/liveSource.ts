/* Plays a recording while it is being made: fragments are appended to a MediaSource as they come, the playhead stays about half a second
 * behind. A new segment brings a new header and starts at 0; it is laid behind what is there. */
import type { Fragment } from "../wire/fragment.ts";
import { WebmClusters } from "./webmLive.ts";

const BEHIND_S = 0.5;
const FAR_S = 1.6;
/* Not far enough for a jump, which costs Firefox a decode from the last key frame: the voice goes a little faster, at its own pitch, until
 * it is where it should be. */
const LATE_S = 0.2;
const VERY_LATE_S = 0.5;
/* Each time that it had to wait for the next piece, it stays so much further behind; for a while. */
const WAITED_S = 0.1;
const FORGIVEN_MS = 15_000;
const WAITED_MAX_S = 0.5;

/* How fast to play, so far behind what has just come, being at that speed; waits: how often there was nothing to play. */
export function speedFor(behindS: number, now: number, waits: number): number {
	const late = behindS - BEHIND_S - Math.min(WAITED_MAX_S, waits * WAITED_S);
	if (late > VERY_LATE_S) return 1.2;
	return late > LATE_S || (late > 0 && now > 1) ? 1.1 : 1;
}

export type LiveState = "connecting" | "playing" | "ended" | "failed";

interface MediaSourceLike {
	new (): MediaSource;
	isTypeSupported(mime: string): boolean;
}

function sourceClass(): MediaSourceLike | null {
	const globals: { ManagedMediaSource?: MediaSourceLike; MediaSource?: MediaSourceLike } = globalThis;
	return globals.ManagedMediaSource ?? globals.MediaSource ?? null;
}

export function canPlayLive(mime: string): boolean {
	return sourceClass()?.isTypeSupported(mime) ?? false;
}

export class LiveSource {
	readonly element: HTMLMediaElement;
	readonly #onState: (state: LiveState) => void;
	readonly #source: MediaSource;
	readonly #url: string;
	readonly #queue: Fragment[] = [];
	/* Set where the recording's own clusters will not do. */
	readonly #isWebmVideo: boolean;
	#clusters: WebmClusters | null = null;
	#buffer: SourceBuffer | null = null;
	#seg = -1;
	#next = 0;
	#complete = false;
	#waits = 0;
	#waitedAt = 0;
	#state: LiveState = "connecting";

	/* Construct inside a click: play() is called at once so that the browser connects it with the gesture. */
	constructor(element: HTMLMediaElement, mime: string, onState: (state: LiveState) => void) {
		const MediaSourceClass = sourceClass();
		if (MediaSourceClass === null) throw new Error("ask canPlayLive first");
		this.element = element;
		this.#onState = onState;
		this.#isWebmVideo = mime.startsWith("video/webm");
		this.#source = new MediaSourceClass();
		this.#url = URL.createObjectURL(this.#source);
		this.#source.addEventListener("sourceopen", () => this.#opened(mime), { once: true });
		element.addEventListener("playing", this.#playing);
		element.addEventListener("waiting", this.#waiting);
		element.addEventListener("ended", this.#ended);
		element.addEventListener("error", this.#broken);
		/* ManagedMediaSource opens only where remote playback is off. */
		element.disableRemotePlayback = true;
		element.src = this.#url;
		void element.play().catch(() => {});
	}

	push(fragment: Fragment): void {
		if (fragment.number < this.#next) return;
		this.#next = fragment.number + 1;
		this.#queue.push(fragment);
		this.#feed();
	}

	/* There will be no more; what is buffered is played to its end. */
	complete(): void {
		this.#complete = true;
		this.#feed();
	}

	close(): void {
		this.#queue.length = 0;
		this.element.removeEventListener("playing", this.#playing);
		this.element.removeEventListener("waiting", this.#waiting);
		this.element.removeEventListener("ended", this.#ended);
		this.element.removeEventListener("error", this.#broken);
		this.element.pause();
		this.element.removeAttribute("src");
		this.element.load();
		URL.revokeObjectURL(this.#url);
	}

	readonly #playing = () => this.#become("playing");
	readonly #waiting = () => {
		if (this.#state !== "playing" || this.element.seeking) return;
		this.#waits++;
		this.#waitedAt = performance.now();
	};
	readonly #ended = () => this.#become("ended");
	readonly #broken = () => this.#become("failed");

	#opened(mime: string): void {
		try {
			this.#buffer = this.#source.addSourceBuffer(mime);
		} catch {
			this.#become("failed");
			return;
		}
		this.#buffer.addEventListener("updateend", () => {
			this.#keepUp();
			this.#feed();
		});
		this.#feed();
	}

	#feed(): void {
		const buffer = this.#buffer;
		if (buffer === null || buffer.updating || this.#source.readyState !== "open") return;
		const fragment = this.#queue.shift();
		if (fragment === undefined) {
			if (this.#complete) this.#source.endOfStream();
			return;
		}
		try {
			if (fragment.seg !== this.#seg) this.#segment(buffer, fragment.seg);
			this.#append(buffer, fragment.bytes);
		} catch {
			this.#become("failed");
		}
	}

	#segment(buffer: SourceBuffer, seg: number): void {
		if (this.#seg >= 0) {
			buffer.abort();
			buffer.timestampOffset = this.#end();
		}
		this.#seg = seg;
		this.#clusters = this.#isWebmVideo ? new WebmClusters() : null;
	}

	#append(buffer: SourceBuffer, bytes: Uint8Array): void {
		const ready = this.#clusters === null ? bytes.slice() : this.#clusters.push(bytes);
		if (ready === null) this.#become("failed");
		else if (ready.length > 0) buffer.appendBuffer(ready);
		else this.#feed();
	}

	#end(): number {
		const ranges = this.#buffer?.buffered;
		return ranges === undefined || ranges.length === 0 ? 0 : ranges.end(ranges.length - 1);
	}

	#forgive(): void {
		const now = performance.now();
		if (this.#waits === 0 || now - this.#waitedAt < FORGIVEN_MS) return;
		this.#waits--;
		this.#waitedAt = now;
	}

	#keepUp(): void {
		this.#forgive();
		const end = this.#end();
		const behind = end - this.element.currentTime;
		const start =
			this.#buffer !== null && this.#buffer.buffered.length > 0 ? this.#buffer.buffered.start(0) : 0;
		/* A jump that is under way is not made again before it has landed. */
		const jumps = behind > FAR_S && !this.#complete && !this.element.seeking;
		if (jumps) this.element.currentTime = Math.max(start, end - BEHIND_S);
		else if (this.element.currentTime < start) this.element.currentTime = start;
		const speed = this.#complete ? 1 : speedFor(behind, this.element.playbackRate, this.#waits);
		if (this.element.playbackRate !== speed) this.element.playbackRate = speed;
		if (this.element.paused && end > start) void this.element.play().catch(() => {});
	}

	#become(state: LiveState): void {
		if (state === this.#state) return;
		this.#state = state;
		this.#onState(state);
	}
}
