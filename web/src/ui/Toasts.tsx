import { X } from "lucide";
import { Button } from "./Button.tsx";
import { IconButton } from "./IconButton.tsx";

export interface ToastItem {
	id: string | number;
	text: string;
	action?: { label: string; run: () => void };
}

export interface ToastsProps {
	items: readonly ToastItem[];
	closeLabel: string;
	onClose: (id: ToastItem["id"]) => void;
}

export function Toasts({ items, closeLabel, onClose }: ToastsProps) {
	return (
		<div class="toasts" role="status" aria-live="polite">
			{items.map(({ id, text, action }) => (
				<div class="toast" key={id} data-enter>
					<p>{text}</p>
					{action && (
						<Button
							onClick={() => {
								action.run();
								onClose(id);
							}}
						>
							{action.label}
						</Button>
					)}
					<IconButton icon={X} size="s" label={closeLabel} onClick={() => onClose(id)} />
				</div>
			))}
		</div>
	);
}
