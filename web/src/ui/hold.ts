/* Hold to record: slide towards the start of the line to discard, up to lock; a tap locks at once. The gesture listens on the window,
 * since the button under the finger gives way to the recording. */

import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

const TAP_MS = 350;
const CANCEL_PX = 96;
const LOCK_PX = 64;

export interface HoldView {
	/* 0 to 1: how far on the way to discard, and to lock. */
	readonly cancel: number;
	readonly lock: number;
}

export interface HoldVerbs {
	start: () => void;
	send: () => void;
	discard: () => void;
}

export type HoldEnd = "lock" | "send" | "discard";

/** What letting go means, from how long and how far the finger went. */
export function holdEnd(heldMs: number, view: HoldView): HoldEnd {
	if (view.cancel >= 1) return "discard";
	return heldMs < TAP_MS || view.lock >= 1 ? "lock" : "send";
}

export function holdView(towardsStart: number, up: number): HoldView {
	const share = (px: number, full: number) => Math.min(1, Math.max(0, px / full));
	return { cancel: share(towardsStart, CANCEL_PX), lock: share(up, LOCK_PX) };
}

/* Shown by the recording while a finger is down; null = locked. */
export const held = signal<HoldView | null>(null);

export function useHold(verbs: HoldVerbs) {
	const latest = useRef(verbs);
	latest.current = verbs;
	const stop = useRef<(() => void) | null>(null);
	const taken = useRef(false);
	useEffect(() => () => stop.current?.(), []);

	const onPointerDown = (event: PointerEvent) => {
		if (event.pointerType === "mouse" || stop.current) return;
		taken.current = true;
		const from = { x: event.clientX, y: event.clientY, at: event.timeStamp, id: event.pointerId };
		const rtl = getComputedStyle(event.currentTarget as Element).direction === "rtl";
		held.value = holdView(0, 0);
		latest.current.start();

		const finish = (end: HoldEnd) => {
			stop.current?.();
			if (end === "send") latest.current.send();
			else if (end === "discard") latest.current.discard();
		};
		const move = (now: PointerEvent) => {
			if (now.pointerId !== from.id) return;
			const towardsStart = rtl ? now.clientX - from.x : from.x - now.clientX;
			const view = holdView(towardsStart, from.y - now.clientY);
			held.value = view;
			if (view.cancel >= 1) finish("discard");
			else if (view.lock >= 1) finish("lock");
		};
		const up = (now: PointerEvent) => {
			if (now.pointerId === from.id && held.value) finish(holdEnd(now.timeStamp - from.at, held.value));
		};
		/* Something else took the finger: nothing said may be lost. */
		const cancel = (now: PointerEvent) => now.pointerId === from.id && finish("lock");
		window.addEventListener("pointermove", move);
		window.addEventListener("pointerup", up);
		window.addEventListener("pointercancel", cancel);
		stop.current = () => {
			window.removeEventListener("pointermove", move);
			window.removeEventListener("pointerup", up);
			window.removeEventListener("pointercancel", cancel);
			stop.current = null;
			held.value = null;
		};
	};
	/* The click that follows a finger is not a second start. */
	const onClick = () => {
		if (taken.current) taken.current = false;
		else latest.current.start();
	};
	return { onPointerDown, onClick };
}
