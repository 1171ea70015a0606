import type { IconNode } from "lucide";
import { h } from "preact";

export interface IconProps {
	of: IconNode;
	size?: "s" | "m" | "l" | "xl";
	filled?: boolean;
	/** Points along the line of reading, so it turns with it. */
	mirror?: boolean;
	class?: string;
}

/* Icons are decoration: the button or the text beside them carries the name. */
export function Icon({ of, size = "m", filled, mirror, class: extra }: IconProps) {
	return (
		<svg
			class={extra ? `icon ${extra}` : "icon"}
			viewBox="0 0 24 24"
			aria-hidden="true"
			data-size={size}
			data-fill={filled || undefined}
			data-mirror={mirror || undefined}
		>
			{of.map(([tag, attrs], index) => h(tag, { ...attrs, key: index }))}
		</svg>
	);
}
