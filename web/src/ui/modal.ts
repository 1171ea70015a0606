import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/* Modal surfaces are ordinary elements, not the browser's top layer: toasts and announcements have to stay reachable and audible while
 * a call fills the screen, and everything outside a <dialog> shown as modal is inert. So the shell and all surfaces below the
 * topmost are made inert by hand, which is also the focus trap. */
const open: HTMLElement[] = [];

function settle(): void {
	const top = open.at(-1);
	const shell = document.getElementById("shell");
	if (shell) shell.inert = open.length > 0;
	for (const surface of open) surface.inert = surface !== top;
}

function firstFocus(surface: HTMLElement): HTMLElement {
	const wanted = surface.querySelector<HTMLElement>("[data-autofocus]");
	return (
		wanted ?? surface.querySelector<HTMLElement>("button:not(:disabled), input, textarea, [href]") ?? surface
	);
}

/** Makes the element modal while it is mounted: focus moves in, Escape closes, focus returns where it was. */
export function useModal(ref: RefObject<HTMLElement | null>, onEscape: (() => void) | null): void {
	useLayoutEffect(() => {
		const surface = ref.current;
		if (!surface) return;
		const before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
		open.push(surface);
		settle();
		firstFocus(surface).focus({ preventScroll: true });
		return () => {
			open.splice(open.indexOf(surface), 1);
			settle();
			if (before?.isConnected) before.focus({ preventScroll: true });
		};
	}, [ref]);

	useLayoutEffect(() => {
		const surface = ref.current;
		if (!surface || !onEscape) return;
		const listen = (event: KeyboardEvent) => {
			if (event.key !== "Escape" || event.defaultPrevented || surface.inert) return;
			event.preventDefault();
			onEscape();
		};
		document.addEventListener("keydown", listen);
		return () => document.removeEventListener("keydown", listen);
	}, [ref, onEscape]);
}

/** Moves the focus to what a surface marks as its first thing, each time `when` changes. */
export function useFocusOn(ref: RefObject<HTMLElement | null>, when: string): void {
	useLayoutEffect(() => {
		const wanted = ref.current?.querySelector<HTMLElement>("[data-autofocus]");
		if (when && wanted) wanted.focus({ preventScroll: true });
	}, [ref, when]);
}

/** For panels that are not modal: focus moves in when they open and back when they close. */
export function useReturnFocus(ref: RefObject<HTMLElement | null>): void {
	useLayoutEffect(() => {
		const before = document.activeElement instanceof HTMLElement ? document.activeElement : null;
		ref.current?.focus({ preventScroll: true });
		return () => {
			if (before?.isConnected) before.focus({ preventScroll: true });
		};
	}, [ref]);
}
