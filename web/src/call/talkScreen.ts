/* Whether the call fills the window, or is a bar above the chats. A new call begins large. */
import { type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useState } from "preact/hooks";
import type { TalkModel, TalkSide } from "../state/types/talk.ts";

export const minimised = signal<string | null>(null);

const STILL_MS = 3_000;

/** True after three seconds without a movement or a key; only asked while there is a picture to look at. */
export function useStill(on: boolean): boolean {
	const [still, setStill] = useState(false);
	useEffect(() => {
		setStill(false);
		if (!on) return;
		let timer = setTimeout(() => setStill(true), STILL_MS);
		const stir = () => {
			setStill(false);
			clearTimeout(timer);
			timer = setTimeout(() => setStill(true), STILL_MS);
		};
		const events = ["pointermove", "pointerdown", "keydown", "focusin"] as const;
		for (const name of events) document.addEventListener(name, stir);
		return () => {
			clearTimeout(timer);
			for (const name of events) document.removeEventListener(name, stir);
		};
	}, [on]);
	return still;
}

function typing(target: EventTarget | null): boolean {
	return (
		target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable]") !== null
	);
}

/* What both kinds of call have. */
export type Keyed = Pick<TalkModel, "setMuted" | "setCamera" | "talkThrough"> & {
	readonly view: ReadonlySignal<{ readonly mine: TalkSide } | null>;
};

export interface TalkKeys {
	readonly talk: Keyed;
	readonly enabled: boolean;
	help(): void;
	/* Keys that only one of them has. */
	more?(key: string): void;
}

function isOurs(event: KeyboardEvent): boolean {
	if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return false;
	const pressing = event.target instanceof HTMLElement && event.target.closest("button, a") !== null;
	return event.key !== " " || !pressing;
}

function press({ talk, help, more }: TalkKeys, key: string): void {
	const mine = talk.view.value?.mine;
	if (mine === undefined) return;
	if (key === "m") talk.setMuted(!mine.muted);
	else if (key === "v") void talk.setCamera(!mine.camera);
	else if (key === "?") help();
	else more?.(key);
}

/** M, V, Space held, ?. Space on a button stays the button's own. They work as soon as the screen is there, not a frame later. */
export function useTalkKeys({ talk, enabled, help, more }: TalkKeys): void {
	useLayoutEffect(() => {
		if (!enabled) return;
		const keys: TalkKeys = { talk, enabled, help, ...(more ? { more } : {}) };
		const down = (event: KeyboardEvent) => {
			if (!isOurs(event)) return;
			if (event.key === " ") {
				event.preventDefault();
				talk.talkThrough(true);
			} else if (!event.repeat) press(keys, event.key.toLowerCase());
		};
		const up = (event: KeyboardEvent) => {
			if (event.key === " ") talk.talkThrough(false);
		};
		const away = () => talk.talkThrough(false);
		document.addEventListener("keydown", down);
		document.addEventListener("keyup", up);
		window.addEventListener("blur", away);
		return () => {
			document.removeEventListener("keydown", down);
			document.removeEventListener("keyup", up);
			window.removeEventListener("blur", away);
			away();
		};
	}, [talk, enabled, help, more]);
}
