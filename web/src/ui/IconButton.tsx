import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { Icon } from "./Icon.tsx";

export interface IconButtonProps {
	icon: IconNode;
	label: string;
	onClick?: (event: MouseEvent) => void;
	kind?: "quiet" | "voice" | "solid";
	type?: "button" | "submit";
	size?: "s" | "m" | "l";
	pressed?: boolean;
	expanded?: boolean;
	menu?: boolean;
	filled?: boolean;
	mirror?: boolean;
	disabled?: boolean;
	autofocus?: boolean;
	/* Gestures beside the click. */
	onPointerDown?: (event: PointerEvent) => void;
	describedBy?: string;
	children?: ComponentChildren;
}

export function IconButton(props: IconButtonProps) {
	const { icon, label, onClick, kind = "quiet", type = "button", size = "m" } = props;
	return (
		<button
			type={type}
			class="ibtn"
			data-kind={kind}
			data-autofocus={props.autofocus || undefined}
			aria-label={label}
			aria-pressed={props.pressed}
			aria-expanded={props.expanded}
			aria-haspopup={props.menu ? "menu" : undefined}
			disabled={props.disabled}
			aria-describedby={props.describedBy}
			onClick={onClick}
			onPointerDown={props.onPointerDown}
		>
			<Icon of={icon} size={size} filled={props.filled ?? false} mirror={props.mirror ?? false} />
			{props.children}
		</button>
	);
}
