import type { IconNode } from "lucide";
import { Check, CheckCheck, CircleAlert, Clock3 } from "lucide";
import type { SendState } from "../state/types/thread.ts";
import { Icon } from "../ui/Icon.tsx";
import { sendStateName } from "./names.ts";

const GLYPHS: Readonly<Record<SendState, IconNode>> = {
	sending: Clock3,
	sent: Check,
	delivered: CheckCheck,
	read: CheckCheck,
	failed: CircleAlert,
};

/** How far a text of mine has come; the word stands there for `read` and `failed`, and for screen readers always. */
export function SendMark({ state }: { state: SendState }) {
	const spelled = state === "read" || state === "failed";
	return (
		<span class="send-mark" data-state={state}>
			<Icon of={GLYPHS[state]} size="s" />
			<span class={spelled ? undefined : "sr"}>{sendStateName(state)}</span>
		</span>
	);
}
