import type { ComponentChildren } from "preact";
import { useRoute } from "./model.ts";

export interface LinkProps {
	to: string;
	class?: string;
	current?: boolean;
	children: ComponentChildren;
}

/** A link inside the client: an ordinary one for the browser, without a reload. */
export function Link({ to, class: extra, current, children }: LinkProps) {
	const route = useRoute();
	return (
		<a
			href={to}
			class={extra}
			aria-current={current ? "page" : undefined}
			onClick={event => {
				if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
				event.preventDefault();
				route.go(to);
			}}
		>
			{children}
		</a>
	);
}
