/* Microphone, camera and MediaRecorder of a real browser. */
import type { Clock } from "../lib/clock.ts";
import { Scope } from "../lib/scope.ts";
import type { Result } from "../wire/errors.ts";
import type { Kind } from "../wire/types.ts";
import { audioOf, getMedia } from "./capture.ts";
import { AudioGraph } from "./graph.ts";
import { chooseMime } from "./mime.ts";
import type { Devices, Encoder, EncoderEvents, Input, InputWanted } from "./ports.ts";

const TIMESLICE_MS = 250;
const AUDIO_BITS = 32_000;
const VIDEO_BITS = 600_000;
/* A fragment of MP4 video ends where a key frame begins. Measured in Chromium: at 1000 a listener is 1.1 to 1.8 s behind, at 500 half. */
const KEY_FRAME_MS = 500;

export function browserDevices(clock: Clock): Devices {
	const supported = (mime: string) =>
		typeof MediaRecorder !== "undefined" && MediaRecorder.isTypeSupported(mime);
	const possible = typeof navigator.mediaDevices?.getUserMedia === "function";
	return {
		can: {
			voice: possible && chooseMime("voice", supported) !== null,
			video: possible && chooseMime("video", supported) !== null,
		},
		open: wanted => openInput(clock, wanted),
		allowed,
		encode: (input, events) => {
			const mime = chooseMime(input.kind, supported);
			return mime === null || input.stream === null
				? null
				: new RecorderEncoder(input.stream, input.kind, mime, events);
		},
	};
}

async function allowed(kind: Kind): Promise<boolean> {
	try {
		const names = kind === "video" ? ["microphone", "camera"] : ["microphone"];
		for (const name of names) {
			const status = await navigator.permissions.query({ name: name as PermissionName });
			if (status.state !== "granted") return false;
		}
		return true;
	} catch {
		/* Not every browser answers for these; then it is opened at the tap. */
		return false;
	}
}

function videoOf(deviceId: string): MediaTrackConstraints {
	return {
		width: { ideal: 480 },
		height: { ideal: 480 },
		aspectRatio: { ideal: 1 },
		frameRate: { ideal: 24, max: 24 },
		facingMode: "user",
		...(deviceId === "" ? {} : { deviceId: { ideal: deviceId } }),
	};
}

async function openInput(clock: Clock, wanted: InputWanted): Promise<Result<{ input: Input }>> {
	const opened = await getMedia({
		audio: audioOf(wanted.microphone),
		video: wanted.kind === "video" ? videoOf(wanted.camera) : false,
	});
	if (!opened.ok) return opened;
	const graph = await AudioGraph.open(clock, opened.stream);
	return { ok: true, input: new BrowserInput(wanted.kind, opened.stream, graph) };
}

class BrowserInput implements Input {
	readonly kind: Kind;
	readonly stream: MediaStream;
	onLost: ((what: "microphone" | "camera" | "interrupted") => void) | null = null;

	readonly #graph: AudioGraph | null;
	readonly #scope = new Scope();
	#microphone: Scope;

	constructor(kind: Kind, source: MediaStream, graph: AudioGraph | null) {
		this.kind = kind;
		this.#graph = graph;
		const video = source.getVideoTracks();
		for (const track of video) this.#own(this.#scope, track, "camera");
		this.#microphone = this.#scope.child();
		for (const track of source.getAudioTracks()) this.#own(this.#microphone, track, "microphone");
		this.stream = graph === null ? source : new MediaStream([...video, graph.track]);
		if (graph !== null) {
			graph.onInterrupted = () => this.onLost?.("interrupted");
			this.#scope.add(() => graph.close());
		}
	}

	level(): number | null {
		return this.#graph?.level() ?? null;
	}

	async replaceMicrophone(deviceId: string): Promise<Result<{ sameRecording: boolean }>> {
		if (this.#graph === null) return { ok: true, sameRecording: false };
		await this.#graph.wake();
		const opened = await getMedia({ audio: audioOf(deviceId) });
		if (!opened.ok) return opened;
		this.#microphone.end();
		this.#microphone = this.#scope.child();
		for (const track of opened.stream.getAudioTracks()) this.#own(this.#microphone, track, "microphone");
		this.#graph.connect(opened.stream);
		return { ok: true, sameRecording: true };
	}

	close(): void {
		this.onLost = null;
		this.#scope.end();
	}

	#own(scope: Scope, track: MediaStreamTrack, what: "microphone" | "camera"): void {
		const lost = () => this.onLost?.(what);
		track.addEventListener("ended", lost);
		scope.add(() => {
			track.removeEventListener("ended", lost);
			track.stop();
		});
	}
}

class RecorderEncoder implements Encoder {
	readonly #recorder: MediaRecorder;
	/* Chunks are blobs whose bytes come later; a chain keeps them in order. */
	#chain: Promise<void> = Promise.resolve();

	constructor(stream: MediaStream, kind: Kind, mime: string, events: EncoderEvents) {
		const options: MediaRecorderOptions & { videoKeyFrameIntervalDuration?: number } = {
			mimeType: mime,
			audioBitsPerSecond: AUDIO_BITS,
			...(kind === "video"
				? { videoBitsPerSecond: VIDEO_BITS, videoKeyFrameIntervalDuration: KEY_FRAME_MS }
				: {}),
		};
		this.#recorder = new MediaRecorder(stream, options);
		this.#recorder.onstart = () => events.started();
		this.#recorder.onerror = () => events.failed();
		this.#recorder.ondataavailable = event => {
			if (event.data.size === 0) return;
			const bytes = event.data.arrayBuffer();
			this.#chain = this.#chain.then(async () => events.chunk(new Uint8Array(await bytes)));
		};
		this.#recorder.start(TIMESLICE_MS);
	}

	get mime(): string {
		return this.#recorder.mimeType;
	}

	pause(): void {
		if (this.#recorder.state === "recording") this.#recorder.pause();
	}

	resume(): void {
		if (this.#recorder.state === "paused") this.#recorder.resume();
	}

	flush(): void {
		if (this.#recorder.state !== "inactive") this.#recorder.requestData();
	}

	stop(): Promise<void> {
		return new Promise(resolve => {
			const done = () => {
				void this.#chain.then(resolve, resolve);
			};
			if (this.#recorder.state === "inactive") {
				done();
				return;
			}
			this.#recorder.onstop = done;
			this.#recorder.stop();
		});
	}
}
