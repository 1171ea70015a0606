import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { t } from "../i18n/text.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { useReturnFocus } from "../ui/modal.ts";

/** Beside the thread, on a phone over it. */
export function InfoPanel({ onClose, children }: { onClose: () => void; children: ComponentChildren }) {
	const panel = useRef<HTMLElement>(null);
	useReturnFocus(panel);
	return (
		<aside class="info" aria-label={t("chat-info")} ref={panel} tabIndex={-1} data-enter>
			<header class="pane-head">
				<h2>{t("chat-info")}</h2>
				<IconButton icon={X} label={t("close")} onClick={onClose} />
			</header>
			<div class="info-body">{children}</div>
		</aside>
	);
}
