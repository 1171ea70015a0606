/* "Listen": plays what was recorded so far from the bytes held here, one file for each segment, one after the other. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { Scope } from "../lib/scope.ts";
import type { MediaLike } from "../media/ports.ts";
import type { Kind } from "../wire/types.ts";
import type { Env } from "./env.ts";

export interface ReviewFile {
	readonly mime: string;
	readonly bytes: readonly Uint8Array<ArrayBuffer>[];
}

const TICK_MS = 100;

export class Review {
	readonly #env: Env;
	#scope: Scope | null = null;
	readonly #playing = signal(false);
	readonly #ms = signal(0);
	readonly #picture = signal<HTMLVideoElement | null>(null);

	constructor(env: Env) {
		this.#env = env;
	}

	get playing(): ReadonlySignal<boolean> {
		return this.#playing;
	}
	get ms(): ReadonlySignal<number> {
		return this.#ms;
	}
	get picture(): ReadonlySignal<HTMLVideoElement | null> {
		return this.#picture;
	}

	play(kind: Kind, files: readonly ReviewFile[]): void {
		this.stop();
		if (files.length === 0) return;
		const scope = new Scope();
		this.#scope = scope;
		let element: MediaLike;
		if (kind === "video") {
			const video = this.#env.playing.video();
			this.#picture.value = video;
			element = video;
		} else {
			element = this.#env.playing.audio();
		}
		this.#playing.value = true;
		scope.add(() => {
			element.pause();
			element.removeAttribute("src");
			this.#playing.value = false;
			this.#picture.value = null;
			this.#ms.value = 0;
		});
		this.#file(scope, element, files, 0, 0);
	}

	stop(): void {
		this.#scope?.end();
		this.#scope = null;
	}

	#file(
		scope: Scope,
		element: MediaLike,
		files: readonly ReviewFile[],
		index: number,
		beforeMs: number,
	): void {
		const file = files[index];
		if (file === undefined) {
			this.stop();
			return;
		}
		const part = scope.child();
		const { url, release } = this.#env.page.fileUrl(file.mime, file.bytes);
		part.add(release);
		const tick = () => {
			this.#ms.value = beforeMs + element.currentTime * 1000;
		};
		part.add(this.#env.clock.every(TICK_MS, tick));
		const next = () => {
			tick();
			const reached = this.#ms.value;
			part.end();
			this.#file(scope, element, files, index + 1, reached);
		};
		const broken = () => this.stop();
		element.addEventListener("ended", next);
		element.addEventListener("error", broken);
		part.add(() => {
			element.removeEventListener("ended", next);
			element.removeEventListener("error", broken);
		});
		element.src = url;
		element.play().catch(() => this.stop());
	}
}
