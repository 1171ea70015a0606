/* The parts of a recording that change many times a second; each reads its own signal, so nothing around them is drawn again. */
import { CloudCheck, CloudUpload, Ear, Radio, TriangleAlert } from "lucide";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { Icon } from "../ui/Icon.tsx";
import { LevelRing } from "../ui/LevelRing.tsx";
import { run, useApp } from "../ui/model.ts";
import { LiveWave } from "../ui/Waveform.tsx";
import { type OpenView, warningText } from "./recording.ts";

export function RecTimer() {
	const { recorder } = useApp();
	const view = recorder.view.value;
	const reviewing = "review" in view && view.review === "playing";
	return (
		<span class="rec-timer timer" role="timer" aria-live="off" data-state={view.state}>
			<span class="rec-dot" />
			{reviewing && <>{format.length(recorder.reviewMs.value)} / </>}
			{format.length(recorder.ms.value)}
		</span>
	);
}

export function RecWave({ bars }: { bars: number }) {
	const { recorder } = useApp();
	return (
		<LiveWave levels={recorder.wave.value.slice(-bars)} still={recorder.view.value.state !== "recording"} />
	);
}

export function RecLevel({
	size,
	maxMs,
	children,
}: {
	size: number;
	maxMs: number;
	children: ComponentChildren;
}) {
	const { recorder } = useApp();
	const live = recorder.view.value.state === "recording";
	return (
		<LevelRing
			level={live ? recorder.level.value : 0}
			used={recorder.ms.value / maxMs}
			size={size}
			meterLabel={t("level")}
		>
			{children}
		</LevelRing>
	);
}

/* How far the server may be behind before "Saved" would not be true. */
const BEHIND_MS = 1500;

export function SavedMark() {
	const { recorder } = useApp();
	const all = recorder.ms.value;
	const saved = recorder.savedMs.value;
	const done = saved > 0 && all - saved < BEHIND_MS;
	const part = saved > 0 ? t("saved-part", { length: format.length(saved) }) : t("saving");
	return (
		<span class="saved" data-done={done || undefined}>
			<Icon of={done ? CloudCheck : CloudUpload} size="s" />
			{done ? t("saved") : part}
		</span>
	);
}

export function RecNotes({ view }: { view: OpenView }) {
	const { recorder } = useApp();
	const left = view.maxMs - recorder.ms.value;
	return (
		<div class="rec-notes">
			<p class="rec-facts">
				<SavedMark />
				{view.listeners.length > 0 ? (
					<span class="heard">
						<Icon of={Ear} size="s" />
						{t("is-listening", { name: view.listeners.join(", ") })}
					</span>
				) : (
					view.canBeHeard && (
						<span>
							<Icon of={Radio} size="s" />
							{t("can-listen")}
						</span>
					)
				)}
			</p>
			{view.warnings.map(warning => (
				<p class="rec-warning" key={warning} role="status">
					<Icon of={TriangleAlert} size="s" />
					<span>{warningText(warning, left)}</span>
					{warning === "deviceLost" && (
						<button type="button" onClick={() => run(recorder.replaceInput())}>
							{t("new-input")}
						</button>
					)}
				</p>
			))}
		</div>
	);
}

/** Own picture, mirrored as in a mirror. */
export function OwnPicture({ children }: { children?: ComponentChildren }) {
	const { recorder } = useApp();
	const video = useRef<HTMLVideoElement>(null);
	const stream = recorder.preview.value;
	const place = useRef<HTMLDivElement>(null);
	const review = recorder.reviewPicture.value;
	useLayoutEffect(() => {
		if (video.current && video.current.srcObject !== stream) video.current.srcObject = stream;
	}, [stream]);
	useLayoutEffect(() => {
		if (review && place.current) place.current.append(review);
	}, [review]);
	return (
		<div class="own-picture">
			<video ref={video} muted autoplay playsInline aria-label={t("own-picture")} />
			<div class="review" ref={place} hidden={review === null} />
			{children}
		</div>
	);
}

export function Countdown() {
	const { recorder } = useApp();
	const seconds = Math.max(1, Math.ceil(recorder.countdownMs.value / 1000));
	return (
		<p class="countdown" key={seconds} data-enter>
			<span aria-hidden="true">{seconds}</span>
			<span class="sr" role="status">
				{t("countdown", { seconds })}
			</span>
		</p>
	);
}
