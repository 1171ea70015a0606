import type { IconNode } from "lucide";
import { Phone, PhoneIncoming, PhoneMissed, PhoneOutgoing, Video } from "lucide";
import { t } from "../i18n/text.ts";
import type { CallEntry, ThreadModel } from "../state/types/thread.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";
import { CardFrame } from "./CardFrame.tsx";
import { callDetail, callName, cardTitle } from "./names.ts";

function glyph(entry: CallEntry): IconNode {
	if (entry.missed) return PhoneMissed;
	if (entry.kind === "video" && entry.outcome === "answered") return Video;
	return entry.mine ? PhoneOutgoing : PhoneIncoming;
}

function Now({ of: { kind, person } }: { of: NonNullable<CallEntry["beingLeft"]> }) {
	const { name } = person;
	return (
		<p class="aside now">
			{kind === "voice" ? t("is-leaving-voice", { name }) : t("is-leaving-video", { name })}
		</p>
	);
}

export interface CallCardProps {
	entry: CallEntry;
	thread: ThreadModel;
	onDelete: (seq: number) => void;
}

/** A call between two. */
export function CallCard({ entry, thread, onDelete }: CallCardProps) {
	const { calls } = useApp();
	const { beingLeft, kind } = entry;
	const left = beingLeft && (beingLeft.state === "recording" || beingLeft.state === "paused");
	return (
		<CardFrame
			entry={entry}
			thread={thread}
			name={callName(entry)}
			glyph={glyph(entry)}
			title={cardTitle(entry)}
			detail={callDetail(entry)}
			again={
				<IconButton
					icon={kind === "video" ? Video : Phone}
					label={entry.mine ? t("call-again") : t("call-back")}
					onClick={() => run(calls.start(thread.conv, kind))}
				/>
			}
			now={left && <Now of={beingLeft} />}
			onDelete={onDelete}
		/>
	);
}
