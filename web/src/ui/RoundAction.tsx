import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { Icon } from "./Icon.tsx";

export interface RoundActionProps {
	icon: IconNode;
	label: string;
	/** What stands under the circle when the full name would be too long to read there. */
	caption?: string;
	onClick?: (event: MouseEvent) => void;
	kind?: "quiet" | "voice" | "answer" | "end";
	size?: "main" | "normal" | "small";
	filled?: boolean;
	turned?: boolean;
	disabled?: boolean;
	autofocus?: boolean;
	children?: ComponentChildren;
}

export function RoundAction(props: RoundActionProps) {
	const { icon, label, caption, onClick, kind = "quiet", size = "normal" } = props;
	return (
		<button
			type="button"
			class="round"
			data-kind={kind}
			data-size={size}
			data-autofocus={props.autofocus || undefined}
			aria-label={caption === undefined ? undefined : label}
			disabled={props.disabled}
			onClick={onClick}
		>
			<span class="face">
				<Icon
					of={icon}
					size={size === "main" ? "xl" : "l"}
					filled={props.filled ?? false}
					class={props.turned ? "turned" : ""}
				/>
				{props.children}
			</span>
			<span>{caption ?? label}</span>
		</button>
	);
}
