// Runs the browser tests one after another: each in a time limit of its own, against real servers and real browsers.
// usage: node run.mjs [--list] [NAME ...]   NAME narrows by a part of "file/test".
import { readdirSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { endAll } from "./lib/own.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const timeLimitMs = 120_000;

process.chdir(here);
mkdirSync(join(here, "../out"), { recursive: true });

async function collect() {
	const found = [];
	for (const file of readdirSync(here).filter((name) => name.endsWith(".test.mjs")).sort()) {
		const { default: tests } = await import(pathToFileURL(join(here, file)).href);
		for (const [name, fn] of Object.entries(tests)) found.push({ name: `${file.replace(".test.mjs", "")}/${name}`, fn });
	}
	return found.filter((test) => wanted.length === 0 || wanted.some((word) => test.name.includes(word)));
}

function within(ms, promise) {
	let timer;
	const late = new Promise((_, reject) => {
		timer = setTimeout(() => reject(new Error(`not finished after ${ms / 1000} s`)), ms);
	});
	return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const tests = await collect();
if (process.argv.includes("--list")) {
	for (const test of tests) console.log(test.name);
	process.exit(0);
}
let passed = 0;
const failed = [];
for (const test of tests) {
	const started = Date.now();
	try {
		await within(test.fn.timeLimitMs ?? timeLimitMs, test.fn(test.name.replaceAll("/", "-")));
		passed += 1;
		console.log(`ok   ${test.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
	} catch (error) {
		failed.push(test.name);
		console.log(`FAIL ${test.name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n     ${String(error.stack ?? error).replaceAll("\n", "\n     ")}`);
	} finally {
		await endAll(failed.at(-1) === test.name);
	}
}
console.log(`browser: ${passed} passed, ${failed.length} failed`);
process.exit(failed.length === 0 ? 0 : 1);
