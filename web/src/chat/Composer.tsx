import { ArrowUp, Mic, Video, X } from "lucide";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { Kind } from "../state/types/base.ts";
import type { TextEntry, ThreadModel } from "../state/types/thread.ts";
import { useHold } from "../ui/hold.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { run, useApp } from "../ui/model.ts";

function RecordButton({ conv, kind }: { conv: number; kind: Kind }) {
	const { recorder } = useApp();
	const hold = useHold({
		start: () => run(recorder.start(conv, kind)),
		send: () => run(recorder.send()),
		discard: () => recorder.discard(),
	});
	return (
		<span class="hold">
			<IconButton
				icon={kind === "voice" ? Mic : Video}
				size={kind === "voice" ? "l" : "m"}
				kind={kind === "voice" ? "voice" : "quiet"}
				label={kind === "voice" ? t("record-voice") : t("record-video")}
				{...hold}
			/>
		</span>
	);
}

function Answering({ entry, name, onStop }: { entry: TextEntry; name: string; onStop: () => void }) {
	return (
		<div class="answering">
			<p>
				<strong>{entry.mine ? t("answers-you") : <bdi>{entry.from?.name ?? name}</bdi>}</strong>
				<span dir="auto">{entry.text}</span>
			</p>
			<IconButton icon={X} label={t("reply-stop")} onClick={onStop} />
		</div>
	);
}

interface FieldProps {
	thread: ThreadModel;
	field: RefObject<HTMLTextAreaElement | null>;
	onSend: () => void;
	onEscape: () => void;
}

/* One line high until there is more to show. */
function Field({ thread, field, onSend, onEscape }: FieldProps) {
	const { limits } = useApp();
	const text = thread.draftText.value;
	useLayoutEffect(() => {
		const el = field.current;
		if (!el) return;
		el.style.blockSize = "auto";
		el.style.blockSize = `${Math.min(el.scrollHeight, 168)}px`;
	}, [text]);
	return (
		<textarea
			ref={field}
			rows={1}
			dir={text === "" ? undefined : "auto"}
			aria-label={t("composer")}
			placeholder={t("composer")}
			value={text}
			maxLength={limits.value.textMax}
			enterkeyhint="send"
			onInput={event => thread.setDraftText(event.currentTarget.value)}
			onKeyDown={event => {
				if (event.key === "Escape") onEscape();
				if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
				event.preventDefault();
				onSend();
			}}
		/>
	);
}

export interface ComposerProps {
	thread: ThreadModel;
	name: string;
	answers: TextEntry | null;
	onAnswered: () => void;
	hidden: boolean;
}

export function Composer({ thread, name, answers, onAnswered, hidden }: ComposerProps) {
	const { recorder } = useApp();
	const field = useRef<HTMLTextAreaElement>(null);
	const text = thread.draftText.value;

	useLayoutEffect(() => {
		if (answers) field.current?.focus();
	}, [answers]);

	const send = () => {
		const words = text.trim();
		if (words === "") return;
		thread.sendText(words, answers?.seq ?? undefined);
		onAnswered();
		field.current?.focus();
	};
	return (
		<form
			class="composer"
			inert={hidden}
			data-hidden={hidden || undefined}
			onSubmit={event => {
				event.preventDefault();
				send();
			}}
		>
			{answers && <Answering entry={answers} name={name} onStop={onAnswered} />}
			<div class="composer-row">
				<div class="composer-field">
					<Field thread={thread} field={field} onSend={send} onEscape={onAnswered} />
					{text === "" && recorder.can.video && <RecordButton conv={thread.conv} kind="video" />}
				</div>
				{text === "" && recorder.can.voice ? (
					<RecordButton conv={thread.conv} kind="voice" />
				) : (
					<IconButton
						icon={ArrowUp}
						label={t("send")}
						type="submit"
						kind="solid"
						disabled={text.trim() === ""}
					/>
				)}
			</div>
		</form>
	);
}
