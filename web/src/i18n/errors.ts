/* What an error code means to a person. */
import type { Toast } from "../state/types/app.ts";
import type { ErrorCode } from "../state/types/base.ts";
import * as format from "./format.ts";
import { t } from "./text.ts";

export function why(code: ErrorCode): string {
	switch (code) {
		case "offline":
		case "timeout":
		case "closed":
		case "maybe":
			return t("why-offline");
		case "rate_limited":
			return t("why-rate");
		case "gone":
		case "not_found":
			return t("why-gone");
		case "full":
			return t("why-full");
		case "storage":
			return t("why-storage");
		case "too_large":
			return t("why-large");
		case "busy":
		case "unavailable":
		case "conflict":
			return t("why-busy");
		case "denied":
			return t("why-denied");
		case "no_device":
			return t("why-no-device");
		case "in_use":
			return t("why-in-use");
		case "unreadable":
			return t("why-unreadable");
		case "unsupported":
		case "too_short":
			return t("why-unsupported");
		case "exists":
			return t("why-taken");
		case "bad_request":
		case "unknown_command":
		case "unauthorized":
		case "bad_answer":
		case "internal":
			return t("why-internal");
	}
}

export function toastText({ what }: Toast): string {
	switch (what.type) {
		case "error":
			return t(`err-${what.doing}`, { why: why(what.code) });
		case "noteDiscarded":
			return t("toast-note-discarded", { length: format.noteLength(what.ms) });
		case "noteTooShort":
			return t("toast-too-short");
		case "noteSent":
			return t("toast-note-sent", { name: what.to });
		case "noteQueued":
			return t("toast-note-queued");
		case "draftKept": {
			const seconds = format.seconds(what.ms);
			if (what.why === "answered") return t("toast-draft-answered", { seconds });
			return what.why === "takenOver" ? t("toast-draft-taken") : t("toast-draft-kept", { seconds });
		}
		case "answeredElsewhere":
			return what.device === null ? t("toast-elsewhere") : t("toast-elsewhere-on", { device: what.device });
		case "callGone":
			return t("toast-call-gone");
		case "room":
			return t(`toast-room-${what.why}`);
		case "entryDeleted":
			return t("toast-deleted");
		case "alreadySignedIn":
			return t("toast-already-signed-in");
	}
}
