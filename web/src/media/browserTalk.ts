/* Microphone, camera, screen and connections of a call on a real browser. */
import { failure, type Result } from "../wire/errors.ts";
import { audioOf, codeOf, getMedia } from "./capture.ts";
import { BrowserPeer } from "./peer.ts";
import { BrowserSink } from "./sink.ts";
import type { Capture, Facing, TalkDevices, TalkPorts } from "./talkPorts.ts";

export function browserTalk(): TalkPorts {
	return {
		devices: browserTalkDevices(),
		sink: () => new BrowserSink(),
		peer: (offerer, sink) => new BrowserPeer(offerer, sink),
	};
}

export function browserTalkDevices(): TalkDevices {
	return {
		can: {
			screen: typeof navigator.mediaDevices?.getDisplayMedia === "function",
			/* A phone or tablet: cameras on both sides. */
			flip: matchMedia("(pointer: coarse) and (hover: none)").matches,
		},
		microphone: async deviceId => capture(await getMedia({ audio: audioOf(deviceId) })),
		camera: async (deviceId, facing) => capture(await getMedia({ video: cameraOf(deviceId, facing) })),
		screen,
		meter,
		allowed,
		keepAwake,
		outputs: {
			can: typeof HTMLMediaElement !== "undefined" && "setSinkId" in HTMLMediaElement.prototype,
			async list() {
				const all = await navigator.mediaDevices.enumerateDevices();
				return all
					.filter(device => device.kind === "audiooutput" && device.deviceId !== "")
					.map(device => ({ id: device.deviceId, label: device.label }));
			},
		},
	};
}

function cameraOf(deviceId: string, facing: Facing | null): MediaTrackConstraints {
	return {
		width: { ideal: 1280 },
		height: { ideal: 720 },
		frameRate: { ideal: 30, max: 30 },
		...(facing !== null ? { facingMode: facing } : deviceId === "" ? {} : { deviceId: { ideal: deviceId } }),
	};
}

async function screen(): Promise<Result<{ capture: Capture }>> {
	try {
		const stream = await navigator.mediaDevices.getDisplayMedia({
			video: { frameRate: { ideal: 15, max: 30 } },
			audio: false,
		});
		const [track] = stream.getVideoTracks();
		if (track !== undefined) track.contentHint = "detail";
		return capture({ ok: true, stream });
	} catch (error) {
		return failure(codeOf(error));
	}
}

function capture(opened: Result<{ stream: MediaStream }>): Result<{ capture: Capture }> {
	if (!opened.ok) return opened;
	const [track] = opened.stream.getTracks();
	if (track === undefined) return failure("no_device");
	return { ok: true, capture: new BrowserCapture(opened.stream, track) };
}

class BrowserCapture implements Capture {
	onEnded: (() => void) | null = null;
	readonly stream: MediaStream;
	readonly track: MediaStreamTrack;
	readonly #ended = () => this.onEnded?.();

	constructor(stream: MediaStream, track: MediaStreamTrack) {
		this.stream = stream;
		this.track = track;
		track.addEventListener("ended", this.#ended);
	}

	close(): void {
		this.onEnded = null;
		this.track.removeEventListener("ended", this.#ended);
		for (const track of this.stream.getTracks()) track.stop();
	}
}

function meter(of: Capture): { level(): number | null; close(): void } {
	const context = new AudioContext();
	const analyser = context.createAnalyser();
	analyser.fftSize = 2048;
	/* A copy, since the one that is sent falls silent when muted. */
	const track = of.track.clone();
	track.enabled = true;
	context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
	const samples = new Float32Array(analyser.fftSize);
	void context.resume().catch(() => {});
	return {
		level() {
			if (context.state !== "running") return null;
			analyser.getFloatTimeDomainData(samples);
			let peak = 0;
			for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
			return Math.min(1, peak);
		},
		close() {
			track.stop();
			void context.close().catch(() => {});
		},
	};
}

async function allowed(): Promise<boolean> {
	try {
		return (await navigator.permissions.query({ name: "microphone" as PermissionName })).state === "granted";
	} catch {
		return false;
	}
}

/* The browser takes the lock back when the page is hidden; it is asked for again when the page returns. */
function keepAwake(): () => void {
	let over = false;
	let lock: WakeLockSentinel | null = null;
	const ask = async () => {
		if (over || document.visibilityState !== "visible") return;
		try {
			lock = await navigator.wakeLock.request("screen");
			if (over) await lock.release();
		} catch {
			/* Low battery, or not known here: the screen sleeps as it likes. */
		}
	};
	const again = () => void ask();
	document.addEventListener("visibilitychange", again);
	void ask();
	return () => {
		over = true;
		document.removeEventListener("visibilitychange", again);
		void lock?.release().catch(() => {});
	};
}
