/* The microphone's way into the recording: source -> gain -> (analyser, destination). The destination's track is what is recorded, so a
 * microphone that was unplugged can be replaced by another without the recording noticing. */
import type { Clock } from "../lib/clock.ts";
import { within } from "../lib/clock.ts";
import { Scope } from "../lib/scope.ts";

const START_MS = 400;

export class AudioGraph {
	readonly track: MediaStreamTrack;
	/* The system took the sound away (a phone call, an alarm). */
	onInterrupted: (() => void) | null = null;

	readonly #context: AudioContext;
	readonly #bus: GainNode;
	readonly #analyser: AnalyserNode;
	readonly #samples: Float32Array<ArrayBuffer>;
	readonly #scope = new Scope();
	#source: MediaStreamAudioSourceNode | null = null;

	/* null when sound does not start here: Firefox without an output device never resumes a context. */
	static async open(clock: Clock, stream: MediaStream): Promise<AudioGraph | null> {
		if (typeof AudioContext === "undefined") return null;
		const context = new AudioContext({ latencyHint: "interactive" });
		const running = context.state === "running" || (await within(clock, START_MS, resumed(context), false));
		if (!running) {
			void context.close().catch(() => {});
			return null;
		}
		const graph = new AudioGraph(context);
		graph.connect(stream);
		return graph;
	}

	private constructor(context: AudioContext) {
		this.#context = context;
		this.#bus = context.createGain();
		this.#analyser = context.createAnalyser();
		/* 4096 samples are 85 ms: asked every 50 ms, no sound is missed. */
		this.#analyser.fftSize = 4096;
		this.#samples = new Float32Array(this.#analyser.fftSize);
		const destination = context.createMediaStreamDestination();
		destination.channelCount = 1;
		this.#bus.connect(this.#analyser);
		this.#bus.connect(destination);
		const [track] = destination.stream.getAudioTracks();
		if (track === undefined) throw new Error("a destination has a track");
		this.track = track;
		const changed = () => {
			if (context.state !== "running" && context.state !== "closed") this.onInterrupted?.();
		};
		context.addEventListener("statechange", changed);
		this.#scope.add(() => context.removeEventListener("statechange", changed));
		this.#scope.add(() => void context.close().catch(() => {}));
		this.#scope.add(() => track.stop());
	}

	connect(stream: MediaStream): void {
		this.#source?.disconnect();
		this.#source = this.#context.createMediaStreamSource(stream);
		this.#source.connect(this.#bus);
	}

	async wake(): Promise<void> {
		if (this.#context.state !== "running") await resumed(this.#context);
	}

	level(): number {
		this.#analyser.getFloatTimeDomainData(this.#samples);
		let peak = 0;
		for (const sample of this.#samples) peak = Math.max(peak, Math.abs(sample));
		return Math.min(1, peak);
	}

	close(): void {
		this.#scope.end();
	}
}

async function resumed(context: AudioContext): Promise<boolean> {
	try {
		await context.resume();
		return true;
	} catch {
		return false;
	}
}
