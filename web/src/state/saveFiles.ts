/* "Save file": what was recorded goes to the person as files, one a segment. */
import { extensionOf } from "../media/mime.ts";
import { failure, type Result } from "../wire/errors.ts";
import type { Core } from "./core.ts";
import type { ReviewFile } from "./review.ts";

export function saveFiles(core: Core, files: readonly ReviewFile[]): Result {
	for (const file of files) core.env.page.saveFile(`note.${extensionOf(file.mime)}`, file.mime, file.bytes);
	return files.length > 0 ? { ok: true } : failure("not_found");
}
