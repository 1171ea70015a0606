/* The small things: badge, day line, skeleton, empty state, filter chips, switch. */
import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { Icon } from "./Icon.tsx";

export function Badge({ count, label }: { count: number; label: string }) {
	return (
		<span class="badge">
			<span aria-hidden="true">{count > 99 ? "99+" : count}</span>
			<span class="sr">{label}</span>
		</span>
	);
}

export function Dot({ label }: { label: string }) {
	return (
		<span class="dot">
			<span class="sr">{label}</span>
		</span>
	);
}

export function DayLine({ text }: { text: string }) {
	return (
		<div class="dayline">
			<span>{text}</span>
		</div>
	);
}

export function Skeleton({ width, height = 14 }: { width: string; height?: number }) {
	return (
		<span
			class="skeleton"
			aria-hidden="true"
			style={{ display: "block", inlineSize: width, blockSize: `${height}px` }}
		/>
	);
}

export interface EmptyStateProps {
	icon: IconNode;
	title: string;
	text: string;
	children?: ComponentChildren;
}

export function EmptyState({ icon, title, text, children }: EmptyStateProps) {
	return (
		<div class="empty">
			<span class="mark">
				<Icon of={icon} size="xl" />
			</span>
			<h2>{title}</h2>
			<p>{text}</p>
			{children}
		</div>
	);
}

export interface ChipsProps<T extends string> {
	label: string;
	value: T;
	options: readonly { value: T; label: string }[];
	onChange: (value: T) => void;
}

export function Chips<T extends string>({ label, value, options, onChange }: ChipsProps<T>) {
	return (
		<div class="chips" role="group" aria-label={label}>
			{options.map(option => (
				<button
					type="button"
					key={option.value}
					aria-pressed={option.value === value}
					onClick={() => onChange(option.value)}
				>
					{option.label}
				</button>
			))}
		</div>
	);
}

export interface SwitchProps {
	label: string;
	hint?: string;
	on: boolean;
	onChange: (on: boolean) => void;
}

export function Switch({ label, hint, on, onChange }: SwitchProps) {
	return (
		<button type="button" class="switch-row" role="switch" aria-checked={on} onClick={() => onChange(!on)}>
			<span>
				{label}
				{hint && <small>{hint}</small>}
			</span>
			<span class="switch" aria-hidden="true" />
		</button>
	);
}
