import { X } from "lucide";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { IconButton } from "./IconButton.tsx";
import { useModal } from "./modal.ts";
import { useId } from "./useId.ts";

export interface DialogProps {
	title: string;
	closeLabel: string;
	onClose: () => void;
	children: ComponentChildren;
}

export function Dialog({ title, closeLabel, onClose, children }: DialogProps) {
	const ref = useRef<HTMLDivElement>(null);
	const id = useId();
	useModal(ref, onClose);
	return (
		<div
			class="scrim"
			data-enter
			onPointerDown={event => {
				if (event.target === event.currentTarget) onClose();
			}}
		>
			<div
				class="dialog"
				role="dialog"
				aria-modal="true"
				aria-labelledby={id}
				ref={ref}
				tabIndex={-1}
				data-enter
			>
				<header>
					<h2 id={id}>{title}</h2>
					<IconButton icon={X} label={closeLabel} onClick={onClose} />
				</header>
				<div class="body">{children}</div>
			</div>
		</div>
	);
}
