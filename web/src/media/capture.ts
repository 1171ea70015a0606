/* Asking a browser for a microphone or a camera, and what its refusals mean. */
import { type ClientCode, failure, type Result } from "../wire/errors.ts";

export function audioOf(deviceId: string): MediaTrackConstraints {
	return {
		channelCount: 1,
		echoCancellation: true,
		noiseSuppression: true,
		autoGainControl: true,
		...(deviceId === "" ? {} : { deviceId: { ideal: deviceId } }),
	};
}

export async function getMedia(
	constraints: MediaStreamConstraints,
): Promise<Result<{ stream: MediaStream }>> {
	try {
		return { ok: true, stream: await navigator.mediaDevices.getUserMedia(constraints) };
	} catch (error) {
		return failure(codeOf(error));
	}
}

export function codeOf(error: unknown): ClientCode {
	const name = error instanceof DOMException ? error.name : "";
	if (name === "NotAllowedError" || name === "SecurityError") return "denied";
	if (name === "NotFoundError" || name === "OverconstrainedError" || name === "TypeError") return "no_device";
	return "in_use";
}
