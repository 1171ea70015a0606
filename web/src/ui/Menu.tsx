import type { IconNode } from "lucide";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./Icon.tsx";
import { IconButton } from "./IconButton.tsx";

export interface MenuItem {
	label: string;
	icon: IconNode;
	danger?: boolean;
	run: () => void;
}

export interface MenuProps {
	icon: IconNode;
	label: string;
	items: readonly MenuItem[];
	side?: "up" | "down";
	align?: "start" | "end";
}

/* The arrow keys walk through the items, Escape gives the focus back to the button. */
function walk(menu: HTMLElement, key: string): boolean {
	const items = [...menu.querySelectorAll<HTMLElement>("[role=menuitem]")];
	const at = items.indexOf(document.activeElement as HTMLElement);
	const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[key];
	if (next === undefined || items.length === 0) return false;
	items.at(next >= items.length ? 0 : next)?.focus();
	return true;
}

const EDGE_PX = 8;
const FOOT_PX = 84;

/* Near an edge the menu moves in, near the foot it opens upwards. */
function keepInside(menu: HTMLElement): void {
	const box = menu.getBoundingClientRect();
	const left = Math.max(0, EDGE_PX - box.left);
	const right = Math.max(0, box.right - innerWidth + EDGE_PX);
	menu.style.translate = `${left - right}px 0`;
	if (box.bottom > innerHeight - FOOT_PX && box.top > box.height + FOOT_PX) menu.dataset.side = "up";
}

export function Menu({ icon, label, items, side = "down", align = "end" }: MenuProps) {
	const [open, setOpen] = useState(false);
	const anchor = useRef<HTMLSpanElement>(null);
	const menu = useRef<HTMLDivElement>(null);

	const close = () => {
		setOpen(false);
		anchor.current?.querySelector("button")?.focus();
	};

	useEffect(() => {
		if (!open) return;
		if (menu.current) keepInside(menu.current);
		menu.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus({ preventScroll: true });
		const outside = (event: PointerEvent) => {
			if (event.target instanceof Node && !anchor.current?.contains(event.target)) setOpen(false);
		};
		document.addEventListener("pointerdown", outside);
		return () => document.removeEventListener("pointerdown", outside);
	}, [open]);

	return (
		<span class="menu-anchor" ref={anchor}>
			<IconButton icon={icon} label={label} menu expanded={open} onClick={() => setOpen(!open)} />
			{open && (
				<div
					class="menu"
					role="menu"
					aria-label={label}
					data-side={side}
					data-align={align}
					data-enter
					ref={menu}
					onKeyDown={event => {
						if (event.key === "Escape" || event.key === "Tab") close();
						else if (!walk(event.currentTarget, event.key)) return;
						event.preventDefault();
					}}
				>
					{items.map(item => (
						<button
							type="button"
							role="menuitem"
							key={item.label}
							tabIndex={-1}
							data-danger={item.danger || undefined}
							onClick={() => {
								close();
								item.run();
							}}
						>
							<Icon of={item.icon} />
							{item.label}
						</button>
					))}
				</div>
			)}
		</span>
	);
}
