// Writes keys.ts from en.ftl, more.ftl and room.ftl: the names of all messages with the names of their arguments. Run: node src/i18n/genkeys.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export function keysOf(source) {
	const keys = [];
	for (const block of source.split(/^(?=[a-z])/mu)) {
		const name = /^([a-z][a-z0-9-]*) =/u.exec(block)?.[1];
		if (!name) continue;
		const args = [...new Set([...block.matchAll(/\$([a-z]+)/gu)].map(match => match[1]))];
		keys.push(
			`\t${name.includes("-") ? `"${name}"` : name}: ${args.length ? args.map(arg => `"${arg}"`).join(" | ") : "never"};`,
		);
	}
	return `/* Written by genkeys.mjs from en.ftl, more.ftl and room.ftl. */\nexport interface Messages {\n${keys.join("\n")}\n}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const here = import.meta.dirname;
	const source = ["en.ftl", "more.ftl", "room.ftl"]
		.map(name => readFileSync(join(here, name), "utf8"))
		.join("\n");
	writeFileSync(join(here, "keys.ts"), keysOf(source));
}
