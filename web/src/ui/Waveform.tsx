import { useRef, useState } from "preact/hooks";

const BARS = 64;
const STEP = 4;
const BAR = 2.4;
const HEIGHT = 36;

/** 64 rounded bars; `played` from 0 to 1 says how many are filled. */
export function Waveform({ peaks, played }: { peaks: readonly number[]; played: number }) {
	const bars = Array.from({ length: BARS }, (_, index) => {
		/* A square root lifts quiet speech, which otherwise is a row of dots. */
		const level = Math.sqrt(Math.min(255, Math.max(0, peaks[index] ?? 0)) / 255);
		const height = Math.max(BAR, level * HEIGHT);
		return (
			<rect
				key={index}
				x={index * STEP}
				y={(HEIGHT - height) / 2}
				width={BAR}
				height={height}
				rx={BAR / 2}
				data-played={(index + 0.5) / BARS <= played || undefined}
			/>
		);
	});
	return (
		<svg
			class="wave"
			viewBox={`0 0 ${BARS * STEP - (STEP - BAR)} ${HEIGHT}`}
			preserveAspectRatio="none"
			aria-hidden="true"
		>
			{bars}
		</svg>
	);
}

export interface SeekProps {
	label: string;
	valueText: string;
	peaks: readonly number[];
	positionMs: number;
	durationMs: number;
	onSeek: (ms: number) => void;
}

const KEYS: Readonly<Record<string, number>> = {
	ArrowUp: 1000,
	ArrowDown: -1000,
	PageUp: 5000,
	PageDown: -5000,
};

function keyTarget(key: string, rtl: boolean, at: number, end: number): number | null {
	if (key === "Home") return 0;
	if (key === "End") return end;
	if (key === "ArrowRight") return at + (rtl ? -1000 : 1000);
	if (key === "ArrowLeft") return at + (rtl ? 1000 : -1000);
	const step = KEYS[key];
	return step === undefined ? null : at + step;
}

/** The waveform as a slider in seconds. */
export function Seek({ label, valueText, peaks, positionMs, durationMs, onSeek }: SeekProps) {
	const ref = useRef<HTMLDivElement>(null);
	const [moving, setMoving] = useState(false);
	const played = durationMs > 0 ? Math.min(1, positionMs / durationMs) : 0;
	const rtl = () => ref.current !== null && getComputedStyle(ref.current).direction === "rtl";

	const toPointer = (event: PointerEvent) => {
		const box = ref.current?.getBoundingClientRect();
		if (!box || box.width === 0) return;
		const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
		onSeek(Math.round((rtl() ? 1 - share : share) * durationMs));
	};

	return (
		<div
			ref={ref}
			class="seek"
			role="slider"
			tabIndex={0}
			aria-label={label}
			aria-valuemin={0}
			aria-valuemax={Math.round(durationMs / 1000)}
			aria-valuenow={Math.round(positionMs / 1000)}
			aria-valuetext={valueText}
			data-moving={moving || undefined}
			onKeyDown={event => {
				const target = keyTarget(event.key, rtl(), positionMs, durationMs);
				if (target === null) return;
				event.preventDefault();
				onSeek(Math.min(durationMs, Math.max(0, target)));
			}}
			onPointerDown={event => {
				if (event.button !== 0) return;
				event.currentTarget.setPointerCapture(event.pointerId);
				setMoving(true);
				toPointer(event);
			}}
			onPointerMove={event => moving && toPointer(event)}
			onPointerUp={() => setMoving(false)}
			onPointerCancel={() => setMoving(false)}
		>
			<Waveform peaks={peaks} played={played} />
			<span class="head" style={{ insetInlineStart: `${played * 100}%` }} />
		</div>
	);
}

/** What has been said so far, arriving at the trailing edge. Values from 0 to 1. */
export function LiveWave({ levels, still }: { levels: readonly number[]; still: boolean }) {
	return (
		<div class="live-wave" aria-hidden="true" data-still={still || undefined}>
			{levels.map((level, index) => (
				<i key={index} style={{ blockSize: `${Math.max(3, Math.sqrt(level) * 52)}px` }} />
			))}
		</div>
	);
}
