/* The bytes of a recording that are on this device, one file for each segment. */
import type { LocalRec } from "./storage.ts";
import type { Upload } from "./upload.ts";

export async function filesOf(
	local: LocalRec,
	upload: Upload,
): Promise<readonly { readonly mime: string; readonly bytes: readonly Uint8Array<ArrayBuffer>[] }[]> {
	const files: { mime: string; bytes: Uint8Array<ArrayBuffer>[] }[] = [];
	for (const [i, segment] of local.segments.entries()) {
		const end = local.segments[i + 1]?.first ?? local.fragments;
		const bytes: Uint8Array<ArrayBuffer>[] = [];
		for (let n = segment.first; n < end; n++) {
			const fragment = await upload.fragment(n);
			if (fragment !== undefined) bytes.push(fragment.bytes);
		}
		if (bytes.length > 0) files.push({ mime: segment.mime, bytes });
	}
	return files;
}
