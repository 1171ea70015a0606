import { expect, test } from "vitest";
import source from "./en.ftl?raw";
import keys from "./keys.ts?raw";
import room from "./room.ftl?raw";

test("keys.ts was written from these catalogues", async () => {
	const generator = "./genkeys.mjs";
	const { keysOf } = (await import(generator)) as { keysOf: (source: string) => string };
	expect(keys).toBe(keysOf(`${source}\n${room}`));
});

test("no key stands in both catalogues", () => {
	const names = (text: string) => [...text.matchAll(/^([a-z][\w-]*) =/gmu)].map(match => match[1]);
	const main = new Set(names(source));
	expect(names(room).filter(name => main.has(name))).toEqual([]);
	expect(names(room).length).toBeGreaterThan(50);
});
