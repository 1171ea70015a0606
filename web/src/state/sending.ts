/* My notes that are on their way, as the thread shows them. */
import type { Upload } from "../media/upload.ts";
import type { Core } from "./core.ts";
import type { SendingOf } from "./display.ts";
import type { SendingNote } from "./types/thread.ts";

export function sendingOf(core: Core, upload: Upload): SendingOf | null {
	const { local } = upload;
	const state = upload.state.value;
	if (local.state === "open" || state.name === "sent" || state.name === "ended") return null;
	const failed = state.name === "failed" ? state : null;
	const trouble = core.online ? upload.trouble.value : null;
	const waiting = !core.online || trouble !== null;
	const note: SendingNote = {
		rec: local.rec,
		kind: local.kind,
		durationMs: local.ms,
		peaks: local.peaks,
		state: failed !== null ? "failed" : waiting ? "waiting" : "sending",
		failed: failed?.code ?? trouble,
		canRetry: failed?.canRetry ?? trouble !== null,
		canSave: failed !== null || waiting,
	};
	return { note, call: local.call, ts: local.createdTs };
}
