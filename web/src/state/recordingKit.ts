/* What only recording needs, in a file of its own that is loaded when somebody is about to. */
import type { Clock } from "../lib/clock.ts";
import { browserDevices } from "../media/browserDevices.ts";
import { Recording } from "../media/recording.ts";
import type { RecordingKit } from "./env.ts";
import { OpenRecording } from "./openRecording.ts";

export function recordingKit(clock: Clock): RecordingKit {
	return { devices: browserDevices(clock), Recording, OpenRecording };
}
