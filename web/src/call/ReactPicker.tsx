import { Plus } from "lucide";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { lazy } from "../ui/lazy.tsx";
import { run, useApp } from "../ui/model.ts";

export const QUICK = ["👍", "❤️", "👏", "😂", "😮", "🎉"] as const;

const EmojiPanel = lazy(async () => (await import("./EmojiPanel.tsx")).EmojiPanel);

export interface ReactPickerProps {
	anchor: RefObject<HTMLElement | null>;
	onClose: () => void;
}

/** Six at hand, all the others behind "+". It stays open, since one clap is seldom alone. */
export function ReactPicker({ anchor, onClose }: ReactPickerProps) {
	const { rooms } = useApp();
	const [all, setAll] = useState(false);
	const box = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const outside = (event: PointerEvent) => {
			if (event.target instanceof Node && !anchor.current?.contains(event.target)) onClose();
		};
		document.addEventListener("pointerdown", outside);
		box.current?.querySelector("button")?.focus({ preventScroll: true });
		return () => document.removeEventListener("pointerdown", outside);
	}, [anchor, onClose]);
	const send = (emoji: string) => run(rooms.react(emoji));
	return (
		<div
			class="react-picker"
			role="dialog"
			aria-label={t("react")}
			ref={box}
			data-enter
			onKeyDown={event => {
				if (event.key !== "Escape") return;
				event.preventDefault();
				event.stopPropagation();
				onClose();
			}}
		>
			{all && <EmojiPanel onPick={send} />}
			<div class="react-quick">
				{QUICK.map(emoji => (
					<button type="button" class="emoji" key={emoji} onClick={() => send(emoji)}>
						{emoji}
					</button>
				))}
				<IconButton icon={Plus} label={t("more-emoji")} pressed={all} onClick={() => setAll(!all)} />
			</div>
		</div>
	);
}
