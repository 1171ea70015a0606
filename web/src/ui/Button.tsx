import type { IconNode } from "lucide";
import type { ComponentChildren } from "preact";
import { Icon } from "./Icon.tsx";

export interface ButtonProps {
	children: ComponentChildren;
	onClick?: (event: MouseEvent) => void;
	kind?: "quiet" | "main" | "voice" | "answer" | "danger" | "plain";
	type?: "button" | "submit";
	icon?: IconNode;
	wide?: boolean;
	busy?: boolean;
	disabled?: boolean;
	autofocus?: boolean;
	label?: string;
}

export function Button(props: ButtonProps) {
	const {
		children,
		onClick,
		kind = "quiet",
		type = "button",
		icon,
		wide,
		busy,
		disabled,
		autofocus,
		label,
	} = props;
	return (
		<button
			type={type}
			class="btn"
			data-kind={kind}
			data-wide={wide || undefined}
			data-autofocus={autofocus || undefined}
			aria-busy={busy || undefined}
			aria-label={label}
			disabled={disabled || busy}
			onClick={onClick}
		>
			{icon && <Icon of={icon} />}
			<span>{children}</span>
		</button>
	);
}
