import type { MediaSessionPort, PlayingPort } from "./env.ts";

export function browserPlaying(): PlayingPort {
	return {
		audio: () => new Audio(),
		video: () => {
			const video = document.createElement("video");
			video.playsInline = true;
			video.disablePictureInPicture = true;
			return video;
		},
		canPlayLive: mime => {
			const { ManagedMediaSource: managed }: { ManagedMediaSource?: typeof MediaSource } =
				globalThis as never;
			const source = managed ?? (typeof MediaSource === "undefined" ? undefined : MediaSource);
			return source?.isTypeSupported(mime) ?? false;
		},
		live: async (element, mime, onState) => {
			if (!(element instanceof HTMLMediaElement)) throw new Error("live notes play in a media element");
			const { LiveSource } = await import("../media/liveSource.ts");
			return new LiveSource(element, mime, onState);
		},
		session: browserMediaSession(),
	};
}

const STEP_MS = 10_000;

function browserMediaSession(): MediaSessionPort {
	const session = "mediaSession" in navigator ? navigator.mediaSession : null;
	const handle = (action: MediaSessionAction, handler: (() => void) | null) => {
		try {
			session?.setActionHandler(action, handler);
		} catch {
			/* An action that this browser does not know. */
		}
	};
	return {
		set(title, handlers) {
			if (session === null) return;
			session.metadata = title === null ? null : new MediaMetadata({ title });
			handle("play", handlers === null ? null : () => handlers.play());
			handle("pause", handlers === null ? null : () => handlers.pause());
			handle("nexttrack", handlers === null ? null : () => handlers.next());
			handle("seekbackward", handlers === null ? null : () => handlers.seekBy(-STEP_MS));
			handle("seekforward", handlers === null ? null : () => handlers.seekBy(STEP_MS));
		},
		position(durationMs, positionMs, speed, playing) {
			if (session === null) return;
			session.playbackState = playing ? "playing" : "paused";
			const duration = durationMs / 1000;
			const position = Math.min(duration, Math.max(0, positionMs / 1000));
			session.setPositionState?.({ duration, position, playbackRate: speed });
		},
	};
}
