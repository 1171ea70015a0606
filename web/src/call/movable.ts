/* A small picture that can be carried to another corner: by hand, or with the arrow keys. A tap is not a move. */
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

export interface Corner {
	readonly block: "start" | "end";
	readonly inline: "start" | "end";
}

const TAP_PX = 6;

/** Which corner a point is nearest to, as shares of width and height. */
export function nearest(x: number, y: number, rtl: boolean): Corner {
	const leading = rtl ? x > 0.5 : x < 0.5;
	return { block: y < 0.5 ? "start" : "end", inline: leading ? "start" : "end" };
}

export function stepped(corner: Corner, key: string, rtl: boolean): Corner | null {
	switch (key) {
		case "ArrowUp":
			return { ...corner, block: "start" };
		case "ArrowDown":
			return { ...corner, block: "end" };
		case "ArrowLeft":
			return { ...corner, inline: rtl ? "end" : "start" };
		case "ArrowRight":
			return { ...corner, inline: rtl ? "start" : "end" };
		default:
			return null;
	}
}

const END: Corner = { block: "end", inline: "end" };

export function useMovable(ref: RefObject<HTMLElement | null>, onTap: () => void, first: Corner = END) {
	const [corner, setCorner] = useState(first);
	const stop = useRef<(() => void) | null>(null);
	useEffect(() => () => stop.current?.(), []);
	const isRtl = () => ref.current !== null && getComputedStyle(ref.current).direction === "rtl";

	const onPointerDown = (event: PointerEvent) => {
		const element = ref.current;
		const place = element?.offsetParent;
		if (!element || !place || event.button !== 0) return;
		event.preventDefault();
		const from = { x: event.clientX, y: event.clientY, id: event.pointerId };
		let moved = false;
		const move = (now: PointerEvent) => {
			if (now.pointerId !== from.id) return;
			const x = now.clientX - from.x;
			const y = now.clientY - from.y;
			moved ||= Math.hypot(x, y) > TAP_PX;
			if (moved) {
				element.dataset.carried = "";
				element.style.translate = `${x}px ${y}px`;
			}
		};
		const end = (now: PointerEvent) => {
			if (now.pointerId !== from.id) return;
			stop.current?.();
			if (now.type === "pointercancel") return;
			if (!moved) {
				onTap();
				return;
			}
			const room = place.getBoundingClientRect();
			const x = (now.clientX - room.left) / room.width;
			setCorner(nearest(x, (now.clientY - room.top) / room.height, isRtl()));
		};
		window.addEventListener("pointermove", move);
		window.addEventListener("pointerup", end);
		window.addEventListener("pointercancel", end);
		stop.current = () => {
			window.removeEventListener("pointermove", move);
			window.removeEventListener("pointerup", end);
			window.removeEventListener("pointercancel", end);
			delete element.dataset.carried;
			element.style.translate = "";
			stop.current = null;
		};
	};
	const onKeyDown = (event: KeyboardEvent) => {
		const next = stepped(corner, event.key, isRtl());
		if (next === null) return;
		event.preventDefault();
		setCorner(next);
	};
	return { corner, onPointerDown, onKeyDown };
}
