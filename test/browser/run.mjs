// Runs the browser tests, a few beside each other: each in a time limit of its own, against real servers and real browsers.
// usage: node run.mjs [--list] [--jobs N] [NAME ...]   NAME narrows by a part of "file/test".
import { fork } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { endAll } from "./lib/own.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const timeLimitMs = 120_000;
const { values: flags, positionals: wanted } = parseArgs({
	allowPositionals: true,
	options: { list: { type: "boolean" }, worker: { type: "boolean" }, jobs: { type: "string", default: String(Math.min(2, availableParallelism())) } },
});

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

async function run({ name, fn }) {
	const started = Date.now();
	let error;
	try {
		await within(fn.timeLimitMs ?? timeLimitMs, fn(name.replaceAll("/", "-")));
	} catch (caught) {
		error = caught;
	}
	const seconds = ((Date.now() - started) / 1000).toFixed(1);
	await endAll(error !== undefined);
	console.log(error ? `FAIL ${name} (${seconds} s)\n     ${String(error.stack ?? error).replaceAll("\n", "\n     ")}` : `ok   ${name} (${seconds} s)`);
	return !error;
}

/** A worker runs what it is told; after a failure it ends, since what ran into its limit may be running still. */
function work(tests) {
	process.on("message", async (name) => {
		const passed = await run(tests.find((test) => test.name === name));
		process.send(passed, () => passed || process.exit(0));
	});
	process.on("disconnect", () => process.exit(1));
}

function startWorker() {
	const child = fork(fileURLToPath(import.meta.url), ["--worker"]);
	return {
		run: (name) =>
			new Promise((done) => {
				child.once("exit", (code) => {
					console.log(`FAIL ${name}: its process ended with ${code}`);
					done(false);
				});
				child.once("message", (passed) => {
					child.removeAllListeners("exit");
					done(passed);
				});
				child.send(name);
			}),
		end: () => child.connected && child.disconnect(),
	};
}

/** Runs what is in `queue`, and whatever else takes from it meanwhile; gives what failed. */
async function lane(queue) {
	const failed = [];
	let worker;
	for (let test = queue.shift(); test; test = queue.shift()) {
		worker ??= startWorker();
		if (await worker.run(test.name)) continue;
		failed.push(test);
		worker.end();
		worker = undefined;
	}
	worker?.end();
	return failed;
}

async function besideEachOther(tests) {
	const queue = [...tests];
	return (await Promise.all(Array.from({ length: Number(flags.jobs) }, () => lane(queue)))).flat();
}

/* A machine that others use too can starve a browser of its time. So what fails is judged by a second run with nothing beside it, and
 * named even when it passes then. */
async function lead(tests) {
	const first = [...(await besideEachOther(tests.filter((test) => !test.fn.alone))), ...(await lane(tests.filter((test) => test.fn.alone)))];
	const failed = await lane([...first]);
	const names = (some) => some.map((test) => test.name).join(", ");
	const unsteady = first.filter((test) => !failed.includes(test));
	if (unsteady.length > 0) console.log(`UNSTEADY, passed only when run again: ${names(unsteady)}`);
	if (failed.length > 0) console.log(`failed: ${names(failed)}`);
	console.log(`browser: ${tests.length - failed.length} passed, ${failed.length} failed`);
	process.exit(failed.length === 0 ? 0 : 1);
}

const tests = await collect();
if (flags.list) for (const test of tests) console.log(test.name);
else if (flags.worker) work(tests);
else await lead(tests);
