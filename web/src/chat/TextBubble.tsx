import { Copy, EllipsisVertical, Reply, RotateCw, Trash2, X } from "lucide";
import { useState } from "preact/hooks";
import { why } from "../i18n/errors.ts";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { TextEntry, ThreadModel } from "../state/types/thread.ts";
import { Button } from "../ui/Button.tsx";
import { Menu, type MenuItem } from "../ui/Menu.tsx";
import { run } from "../ui/model.ts";
import { linked } from "./linked.tsx";
import { SendMark } from "./SendMark.tsx";

export interface TextBubbleProps {
	entry: TextEntry;
	name: string;
	last: boolean;
	thread: ThreadModel;
	onAnswer: (entry: TextEntry) => void;
	onDelete: (seq: number) => void;
}

function menuOf({ entry, onAnswer, onDelete }: TextBubbleProps): MenuItem[] {
	const items: MenuItem[] = [
		{ label: t("reply"), icon: Reply, run: () => onAnswer(entry) },
		{
			label: t("copy-text"),
			icon: Copy,
			run: () => run(navigator.clipboard.writeText(entry.text).catch(() => {})),
		},
	];
	const { seq } = entry;
	if (entry.canDelete && seq !== null) {
		items.push({ label: t("delete"), icon: Trash2, danger: true, run: () => onDelete(seq) });
	}
	return items;
}

function Failed({ entry, thread }: { entry: TextEntry; thread: ThreadModel }) {
	return (
		<div class="failed" role="group">
			<span>{t("err-text", { why: why(entry.failed ?? "internal") })}</span>
			<Button kind="plain" icon={RotateCw} onClick={() => thread.retryText(entry.key)}>
				{t("retry")}
			</Button>
			<Button kind="plain" icon={X} onClick={() => thread.discardText(entry.key)}>
				{t("discard")}
			</Button>
		</div>
	);
}

export function TextBubble(props: TextBubbleProps) {
	const { entry, last, thread } = props;
	const name = entry.from?.name ?? props.name;
	const at = format.time(entry.ts);
	const [tools, setTools] = useState(false);
	return (
		<article
			class="said"
			aria-label={entry.mine ? t("by-you", { time: at }) : t("by-name", { name, time: at })}
		>
			<div class="bubble-row" data-tools={tools || undefined}>
				{/* biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: a tap only shows the button beside it */}
				<div class="bubble" onClick={() => setTools(!tools)}>
					{entry.answers && (
						<p class="answers">
							<strong>
								{entry.answers.mine ? t("answers-you") : <bdi>{entry.answers.from?.name ?? props.name}</bdi>}
							</strong>
							<span dir="auto">{entry.answers.text}</span>
						</p>
					)}
					<p dir="auto" class="words">
						{linked(entry.text)}
					</p>
				</div>
				{entry.seq !== null && <Menu icon={EllipsisVertical} label={t("more")} items={menuOf(props)} />}
			</div>
			{last || entry.send === "failed" || entry.send === "sending" ? (
				<p class="meta">
					<time>{at}</time>
					{entry.mine && <SendMark state={entry.send} />}
				</p>
			) : (
				entry.mine && (
					<span class="sr">
						<SendMark state={entry.send} />
					</span>
				)
			)}
			{entry.send === "failed" && <Failed entry={entry} thread={thread} />}
		</article>
	);
}
