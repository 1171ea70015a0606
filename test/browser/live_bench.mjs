// How far behind somebody is who listens to a note while it is being left, and joins 2.5 s late: median and 90 % of the second half of the
// time, in ms behind the newest that had been recorded when its last piece came (0.05 s of encoding and the way over the server come on top).
// usage: node live_bench.mjs [FROM] [TO] [video|voice] [SECONDS]     FROM, TO: firefox or chromium
import { FirefoxPerson } from "./lib/firefox.mjs";
import { endAll, sleep, until } from "./lib/own.mjs";
import { signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

const [from = "firefox", to = "firefox", kind = "video", seconds = "24"] = process.argv.slice(2);
const make = {
	firefox: async (server, name) => (await new FirefoxPerson(server, name).open()).signIn(),
	chromium: (server, name) => signedIn(server, name, { tone: 660 }),
};

/** Only what is not covered by something modal. */
async function click(person, name) {
	if (person instanceof FirefoxPerson) return person.click("button", name, 40_000);
	const found = person.page.getByRole("button", { name, exact: true }).and(person.page.locator(":not([inert] *)"));
	return found.first().click({ timeout: 40_000 });
}

/** Runs in the listener's page. */
async function watch(ms) {
	const element = window.testPlayers.at(-1);
	const rows = [];
	let [end, came, waits] = [0, 0, 0];
	element.addEventListener("waiting", () => waits++);
	const until = performance.now() + ms;
	while (performance.now() < until) {
		await new Promise((resolve) => setTimeout(resolve, 20));
		const { buffered, currentTime } = element;
		const now = buffered.length ? buffered.end(buffered.length - 1) : 0;
		if (now !== end) [end, came] = [now, performance.now()];
		rows.push((end - currentTime) * 1000 + performance.now() - came);
	}
	return { waits, behind: rows.slice(rows.length / 2).sort((a, b) => a - b) };
}

try {
	const server = await startServer({ people: ["Ana", "Ben"], set: { ring_seconds: 2, ring_stop_seconds: 6, unreachable_seconds: 3 } });
	const [ana, ben] = [await make[from](server, "Ana"), await make[to](server, "Ben")];
	await ana.chatWith("Ben");
	await ana.say("Hello Ben");
	await (ben instanceof FirefoxPerson ? ben.click("link", /Ana/) : ben.chatWith("Ana"));
	await click(ana, kind === "video" ? "Video call" : "Voice call");
	await click(ana, `Record ${kind} note`);
	if (kind === "video") await click(ana, /Skip|Start now/).catch(() => {});
	await sleep(2500);
	await click(ben, "Listen");
	await until("it plays", () => ben.page.evaluate(() => window.testPlayers.at(-1)?.currentTime > 0));
	const { waits, behind } = await ben.page.evaluate(watch, Number(seconds) * 1000);
	const print = (name, value, unit) => console.log(`live_${kind}_${from}_to_${to}_${name} ${Math.round(value)} ${unit}`);
	print("behind_p50_ms", behind[behind.length >> 1], "ms");
	print("behind_p90_ms", behind[Math.floor(behind.length * 0.9)], "ms");
	print("waits", waits, "times");
} finally {
	await endAll();
}
process.exit(0);
