/* How much JavaScript comes over the wire (gzip), against what was promised: `npm run build`, then `npm run size`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const DIST = join(import.meta.dirname, "dist");
const ASSETS = join(DIST, "assets");
const KB = 1000;

const files = readdirSync(ASSETS).filter(name => name.endsWith(".js"));
const codes = new Map(files.map(name => [name, readFileSync(join(ASSETS, name), "utf8")]));

/* The file that holds a part which is loaded later; a part that no longer has one must be looked at, not skipped. */
function part(name) {
	const found = files.filter(file => file.startsWith(`${name}-`));
	if (found.length !== 1)
		throw new Error(`${name} is not one file of its own: ${found.join(", ") || "none"}`);
	return found[0];
}

/* These files and all that they import statically. */
function closure(names, seen = new Set()) {
	for (const name of names) {
		if (seen.has(name)) continue;
		const code = codes.get(name);
		if (code === undefined) throw new Error(`${name} is not in ${ASSETS}`);
		seen.add(name);
		const imports = code.matchAll(/(?:\bfrom|\bimport)\s*["'`]\.\/([^"'`]+\.js)["'`]/g);
		closure(
			[...imports].map(found => found[1]),
			seen,
		);
	}
	return seen;
}

function bytes(names) {
	let sum = 0;
	for (const name of names) sum += gzipSync(codes.get(name) ?? "").length;
	return sum;
}

const without = (names, known) => new Set([...names].filter(name => !known.has(name)));

const html = readFileSync(join(DIST, "index.html"), "utf8");
const named = [...html.matchAll(/(?:src|href)="\/assets\/([^"]+\.js)"/g)].map(found => found[1]);
if (named.length === 0) throw new Error("index.html loads no script");

const first = closure(named);
const speaking = closure([part("voice")]);
const call = closure(["voice", "Incoming", "Outgoing", "CallBar", "LiveStrip", "liveSource"].map(part));
const talk = closure(["talkKit", "InCall"].map(part));
const room = closure(
	["roomKit", "InRoom", "RoomCallBar", "RoomStart", "RoomStrip", "RoomCard", "EmojiPanel"].map(part),
);
const recorder = closure(["recordingKit", "StageRecording", "RecordBar", "RecordElsewhere"].map(part));

const budgets = [
	["first load: shell and thread", first, 60],
	["call, beyond the first load", without(call, first), 30],
	["in a call, beyond the call models", without(without(talk, first), call), 14],
	[
		"rooms, beyond first load, call models, calls and recorder",
		without(without(without(without(room, first), call), talk), recorder),
		25,
	],
	["recorder, beyond first load and call models", without(without(recorder, first), speaking), 12],
];

let over = 0;
for (const [what, names, limit] of budgets) {
	const size = bytes(names);
	const bad = size > limit * KB;
	if (bad) over++;
	const said = `${bad ? "TOO BIG " : ""}${what}: ${(size / KB).toFixed(1)} kB of ${limit}`;
	process.stdout.write(`${said} (${names.size} files)\n`);
}
process.exitCode = over > 0 ? 1 : 0;
