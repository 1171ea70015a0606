import { expect, test } from "vitest";
import source from "./en.ftl?raw";
import keys from "./keys.ts?raw";
import more from "./more.ftl?raw";
import room from "./room.ftl?raw";

const files = import.meta.glob<string>(["../**/*.{ts,tsx}", "!../**/*.test.ts"], {
	query: "?raw",
	import: "default",
	eager: true,
});
const names = (text: string) => [...text.matchAll(/^([a-z][\w-]*) =/gmu)].map(match => match[1] ?? "");

test("keys.ts was written from these catalogues", async () => {
	const generator = "./genkeys.mjs";
	const { keysOf } = (await import(generator)) as { keysOf: (source: string) => string };
	expect(keys).toBe(keysOf([source, more, room].join("\n")));
});

test("no key stands in two catalogues", () => {
	const all = [source, more, room].flatMap(names);
	expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
	expect(names(room).length).toBeGreaterThan(50);
	expect(names(more).length).toBeGreaterThan(50);
});

test.each([
	["room", room],
	["more", more],
])("whoever shows a word of %s.ftl brings it along", (catalogue, text) => {
	const own = names(text);
	const brings = `/${catalogue}Text.ts"`;
	const without = Object.entries(files).filter(([path, code]) => {
		if (code.includes(brings) || path.endsWith("/keys.ts")) return false;
		return own.some(name => code.includes(`t("${name}"`));
	});
	expect(without.map(([path]) => path)).toEqual([]);
});
