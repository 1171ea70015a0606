import { expect, test } from "vitest";
import source from "./en.ftl?raw";
import keys from "./keys.ts?raw";

test("keys.ts was written from this en.ftl", async () => {
	const generator = "./genkeys.mjs";
	const { keysOf } = (await import(generator)) as { keysOf: (source: string) => string };
	expect(keys).toBe(keysOf(source));
});
