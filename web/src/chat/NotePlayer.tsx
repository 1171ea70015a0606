import { Pause, Play } from "lucide";
import { why } from "../i18n/errors.ts";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { NoteView } from "../state/types/thread.ts";
import { IconButton } from "../ui/IconButton.tsx";
import { useApp } from "../ui/model.ts";
import { Dot } from "../ui/Small.tsx";
import { useId } from "../ui/useId.ts";
import { Seek } from "../ui/Waveform.tsx";

export function useNote(note: NoteView) {
	const { player } = useApp();
	const current = player.current.value;
	const mine = current !== null && current.conv === note.conv && current.seq === note.seq;
	return {
		player,
		current: mine,
		playing: mine && player.playing.value,
		waiting: mine && player.waiting.value,
		failed: mine ? player.failed.value : null,
	};
}

export function PlayButton({ note }: { note: NoteView }) {
	const { player, playing, waiting } = useNote(note);
	return (
		<span
			class="play"
			data-unheard={(!note.mine && !note.played) || undefined}
			data-waiting={waiting || undefined}
		>
			<IconButton
				icon={playing ? Pause : Play}
				label={playing ? t("pause") : t("play")}
				filled
				onClick={() => player.toggle(note)}
			/>
		</span>
	);
}

/* The number is drawn by the style sheet: the button's name is "Speed", its value a description. */
function SpeedChip() {
	const { player } = useApp();
	const id = useId();
	const value = t("speed-value", { speed: format.speed(player.speed.value) });
	return (
		<>
			<button
				type="button"
				class="speed"
				aria-label={t("speed")}
				aria-describedby={id}
				data-value={value}
				onClick={() => player.nextSpeed()}
			/>
			<span class="sr" id={id}>
				{value}
			</span>
		</>
	);
}

/** The waveform with its length and speed; the Play button stands in the card's first column or in the picture. */
export function NotePlayer({ note, at }: { note: NoteView; at?: number }) {
	const { player, current, playing, failed } = useNote(note);
	const position = player.positionOf(note);
	const length = format.noteLength(note.durationMs);
	const begun = position > 0 || playing;
	return (
		<div class="note-line" data-current={current || undefined}>
			<Seek
				label={t("position")}
				valueText={t("position-value", { at: format.length(position), length })}
				peaks={note.peaks}
				positionMs={position}
				durationMs={note.durationMs}
				onSeek={ms => player.seek(note, ms)}
			/>
			<div class="note-meta">
				<span class="timer">
					{begun && <>{format.length(position)} / </>}
					{length}
				</span>
				{at !== undefined && <time>{format.time(at)}</time>}
				{!note.mine && !note.played && <Dot label={t("not-played")} />}
				{note.heard && <span class="listened">{t("listened")}</span>}
				<SpeedChip />
			</div>
			{failed && (
				<p class="note-error" role="alert">
					{t("err-play", { why: why(failed) })}
				</p>
			)}
		</div>
	);
}
