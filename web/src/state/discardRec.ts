/* Discard with a way back: the server is told at once (listeners hear "not sent"), the bytes stay until the time for Undo is over. */
import type { Uploads } from "../media/uploads.ts";
import type { Core } from "./core.ts";
import type { Toast } from "./types/app.ts";

const UNDO_MS = 5_000;

export function discardRec(
	core: Core,
	uploads: Uploads,
	args: { readonly rec: string; readonly what: Toast["what"]; undo(): Promise<void> },
): void {
	const { rec } = args;
	uploads.release(rec);
	const told = core.tell("rec.discard", { rec }, { again: true });
	const forget = core.env.clock.after(UNDO_MS, () => void uploads.forget(rec));
	const undo = async () => {
		forget();
		await told;
		await core.tell("rec.undo", { rec }, { again: true });
		await args.undo();
	};
	core.toast(args.what, { name: "undo", run: () => void undo() }, UNDO_MS);
}
