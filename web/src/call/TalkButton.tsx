import type { IconNode } from "lucide";
import { Icon } from "../ui/Icon.tsx";

export interface TalkButtonProps {
	icon: IconNode;
	label: string;
	/** Something of mine is not sent: the button stands out, light on dark. */
	off?: boolean;
	on?: boolean;
	end?: boolean;
	disabled?: boolean;
	autofocus?: boolean;
	/** It opens something beside it. */
	expanded?: boolean;
	onClick: () => void;
}

export function TalkButton(props: TalkButtonProps) {
	return (
		<button
			type="button"
			class="talk-btn"
			title={props.label}
			aria-label={props.label}
			data-off={props.off || undefined}
			data-on={props.on || undefined}
			data-end={props.end || undefined}
			data-autofocus={props.autofocus || undefined}
			aria-expanded={props.expanded}
			disabled={props.disabled}
			onClick={props.onClick}
		>
			<Icon of={props.icon} size="l" />
		</button>
	);
}
