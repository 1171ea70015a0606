import type { ComponentChildren } from "preact";

export interface LevelRingProps {
	/** Loudness now, 0 to 1: the halo. */
	level: number;
	/** Share of the allowed length that is used, 0 to 1: the ring. */
	used: number;
	size: number;
	meterLabel: string;
	children: ComponentChildren;
}

const R = 47;
const ROUND = 2 * Math.PI * R;

export function LevelRing({ level, used, size, meterLabel, children }: LevelRingProps) {
	return (
		<div class="level" style={{ inlineSize: `${size}px`, blockSize: `${size}px` }}>
			<div class="halo" style={{ scale: String(1 + Math.sqrt(Math.max(0, level)) * 0.34) }} />
			<svg viewBox="0 0 100 100" aria-hidden="true">
				<circle class="track" cx="50" cy="50" r={R} />
				<circle
					class="left"
					cx="50"
					cy="50"
					r={R}
					stroke-dasharray={`${Math.min(1, used) * ROUND} ${ROUND}`}
				/>
			</svg>
			<div
				class="sr"
				role="meter"
				aria-label={meterLabel}
				aria-valuemin={0}
				aria-valuemax={100}
				aria-valuenow={Math.round(Math.min(1, level) * 100)}
			/>
			{children}
		</div>
	);
}
