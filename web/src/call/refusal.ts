import { t } from "../i18n/text.ts";
import type { ErrorCode } from "../state/types/base.ts";

/** Why a call could not be placed at all. */
export function refusal(code: ErrorCode, name: string): string {
	switch (code) {
		case "rate_limited":
			return t("refused-rate", { name });
		case "not_found":
		case "conflict":
			return t("refused-blocked", { name });
		case "offline":
		case "closed":
		case "timeout":
			return t("refused-offline");
		default:
			return t("refused-other");
	}
}
