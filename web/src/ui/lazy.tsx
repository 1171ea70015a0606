import { signal } from "@preact/signals";
import type { ComponentType, VNode } from "preact";

export interface Lazy<P> {
	(props: P): VNode | null;
	preload(): void;
}

const AGAIN_MS = 2_000;

/** A component whose code comes after the first screen. Until then there is nothing in its place. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): Lazy<P> {
	const loaded = signal<{ Component: ComponentType<P> } | null>(null);
	let asked = false;
	let wanted = false;
	const preload = () => {
		if (asked) return;
		asked = true;
		load().then(
			Component => {
				loaded.value = { Component };
			},
			() => {
				/* Without a network: asked again as long as somebody waits for it. */
				asked = false;
				if (wanted) setTimeout(preload, AGAIN_MS);
			},
		);
	};
	const Shown = (props: P) => {
		const got = loaded.value;
		if (!got) {
			wanted = true;
			preload();
			return null;
		}
		return <got.Component {...props} />;
	};
	return Object.assign(Shown, { preload });
}
