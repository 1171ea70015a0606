/* The product's sounds, made by Web Audio as they are needed. Every one is a few soft partials with an envelope. */
import type { Clock } from "../lib/clock.ts";
import type { Sounds } from "./ports.ts";

interface Partial {
	readonly hz: number;
	readonly at: number;
	readonly seconds: number;
	readonly gain: number;
}

/* Two warm notes, rising. */
const RING: readonly Partial[] = [
	{ hz: 440, at: 0, seconds: 0.9, gain: 0.5 },
	{ hz: 880, at: 0, seconds: 0.6, gain: 0.12 },
	{ hz: 587.33, at: 0.42, seconds: 1.3, gain: 0.5 },
	{ hz: 1174.66, at: 0.42, seconds: 0.8, gain: 0.12 },
];
/* One soft pulse. */
const RINGBACK: readonly Partial[] = [
	{ hz: 392, at: 0, seconds: 1.1, gain: 0.16 },
	{ hz: 523.25, at: 0, seconds: 1.1, gain: 0.08 },
];
/* After the tone: one short bell. */
const TONE: readonly Partial[] = [
	{ hz: 1046.5, at: 0, seconds: 0.35, gain: 0.22 },
	{ hz: 2093, at: 0, seconds: 0.18, gain: 0.08 },
	{ hz: 3139.5, at: 0, seconds: 0.1, gain: 0.03 },
];
/* Somebody comes: a step up; goes: a step down; raises a hand: two light taps. All soft, for they come in between. */
const JOINED: readonly Partial[] = [
	{ hz: 523.25, at: 0, seconds: 0.22, gain: 0.1 },
	{ hz: 783.99, at: 0.1, seconds: 0.3, gain: 0.1 },
];
const LEFT: readonly Partial[] = [
	{ hz: 659.25, at: 0, seconds: 0.22, gain: 0.08 },
	{ hz: 440, at: 0.1, seconds: 0.3, gain: 0.08 },
];
const HAND: readonly Partial[] = [
	{ hz: 1174.66, at: 0, seconds: 0.12, gain: 0.09 },
	{ hz: 1174.66, at: 0.13, seconds: 0.18, gain: 0.09 },
];
const SHORT = { tone: TONE, joined: JOINED, left: LEFT, hand: HAND } as const;
const RING_EVERY_MS = 3_000;
const RINGBACK_EVERY_MS = 4_000;

export class WebSounds implements Sounds {
	enabled = true;
	readonly #clock: Clock;
	#context: AudioContext | null = null;

	/* Browsers let a page sound only after a gesture; the first one anywhere opens the way for the ring. */
	constructor(clock: Clock, page: EventTarget) {
		this.#clock = clock;
		const unlock = () => {
			const context = this.#open();
			if (context === null) return;
			void context.resume().then(
				() => {
					for (const name of GESTURES) page.removeEventListener(name, unlock, true);
				},
				() => {},
			);
		};
		for (const name of GESTURES) page.addEventListener(name, unlock, true);
	}

	play(name: "tone" | "sent" | "joined" | "left" | "hand"): void {
		const context = this.#ready();
		if (context === null) return;
		if (name === "sent") breath(context);
		else this.#partials(context, SHORT[name], 1);
	}

	loop(name: "ring" | "ringback"): () => void {
		let round = 0;
		let out: GainNode | null = null;
		const once = () => {
			const context = this.#ready();
			if (context === null) return;
			/* The ring comes up over its first two rounds instead of startling. */
			const loudness = name === "ring" ? Math.min(1, 0.35 + 0.35 * round) : 1;
			round++;
			out = this.#partials(context, name === "ring" ? RING : RINGBACK, loudness);
		};
		once();
		const off = this.#clock.every(name === "ring" ? RING_EVERY_MS : RINGBACK_EVERY_MS, once);
		return () => {
			off();
			const context = this.#context;
			if (context !== null && out !== null) out.gain.setTargetAtTime(0, context.currentTime, 0.02);
		};
	}

	#open(): AudioContext | null {
		if (typeof AudioContext === "undefined") return null;
		this.#context ??= new AudioContext({ latencyHint: "interactive" });
		return this.#context;
	}

	#ready(): AudioContext | null {
		if (!this.enabled) return null;
		const context = this.#open();
		if (context === null) return null;
		if (context.state === "running") return context;
		/* Where the browser allows it without a gesture, it starts in time for the next round. */
		void context.resume().catch(() => {});
		return null;
	}

	#partials(context: AudioContext, partials: readonly Partial[], loudness: number): GainNode {
		const out = context.createGain();
		out.gain.value = loudness * 0.6;
		out.connect(context.destination);
		for (const partial of partials) strike(context, out, partial);
		return out;
	}
}

const GESTURES = ["pointerdown", "keydown", "touchend"];

function strike(context: AudioContext, out: AudioNode, partial: Partial): void {
	const from = context.currentTime + partial.at;
	const oscillator = context.createOscillator();
	const envelope = context.createGain();
	oscillator.frequency.value = partial.hz;
	envelope.gain.setValueAtTime(0.0001, from);
	envelope.gain.exponentialRampToValueAtTime(partial.gain, from + 0.02);
	envelope.gain.exponentialRampToValueAtTime(0.0001, from + partial.seconds);
	oscillator.connect(envelope).connect(out);
	oscillator.start(from);
	oscillator.stop(from + partial.seconds + 0.05);
}

/* Sent: filtered noise that opens and fades. */
function breath(context: AudioContext): void {
	const seconds = 0.32;
	const buffer = context.createBuffer(1, Math.round(context.sampleRate * seconds), context.sampleRate);
	const samples = buffer.getChannelData(0);
	for (let i = 0; i < samples.length; i++) samples[i] = Math.random() * 2 - 1;
	const source = context.createBufferSource();
	const filter = context.createBiquadFilter();
	const envelope = context.createGain();
	const now = context.currentTime;
	source.buffer = buffer;
	filter.type = "bandpass";
	filter.Q.value = 0.8;
	filter.frequency.setValueAtTime(600, now);
	filter.frequency.exponentialRampToValueAtTime(2400, now + seconds);
	envelope.gain.setValueAtTime(0.0001, now);
	envelope.gain.exponentialRampToValueAtTime(0.09, now + 0.08);
	envelope.gain.exponentialRampToValueAtTime(0.0001, now + seconds);
	source.connect(filter).connect(envelope).connect(context.destination);
	source.start(now);
}

export const silence: Sounds = { enabled: false, play: () => {}, loop: () => () => {} };
