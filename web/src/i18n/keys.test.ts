import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

test("keys.ts was written from this en.ftl", async () => {
	const { keysOf } = (await import("./genkeys.mjs" as string)) as { keysOf: (source: string) => string };
	const read = (name: string) => readFileSync(join(import.meta.dirname, name), "utf8");
	expect(read("keys.ts")).toBe(keysOf(read("en.ftl")));
});
