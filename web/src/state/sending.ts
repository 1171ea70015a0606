/* My notes that are on their way, as the thread shows them. */
import type { Upload } from "../media/upload.ts";
import type { Core } from "./core.ts";
import type { SendingOf } from "./display.ts";
import type { SendingNote } from "./types.ts";

export function sendingOf(core: Core, upload: Upload): SendingOf | null {
	const { local } = upload;
	const state = upload.state.value;
	if (local.state === "open" || state.name === "sent" || state.name === "ended") return null;
	const failed = state.name === "failed" ? state : null;
	const note: SendingNote = {
		rec: local.rec,
		kind: local.kind,
		durationMs: local.ms,
		peaks: local.peaks,
		state: failed !== null ? "failed" : core.online ? "sending" : "waiting",
		failed: failed?.code ?? null,
		canRetry: failed?.canRetry ?? false,
		canSave: failed !== null,
	};
	return { note, call: local.call, ts: local.createdTs };
}
