/* A chat that was just made comes as an event, before or after the answer. */
import { within } from "../lib/clock.ts";
import type { Core } from "./core.ts";

const COMES_MS = 5_000;

export function known(core: Core, conv: number): Promise<void> {
	const comes = new Promise<void>(resolve => {
		const off = core.convs.subscribe(convs => {
			if (!convs.has(conv)) return;
			resolve();
			queueMicrotask(() => off());
		});
	});
	return within(core.env.clock, COMES_MS, comes, undefined);
}
