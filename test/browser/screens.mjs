// Takes pictures of the main screens from a real server, at phone and desktop width, light and dark, for looking at: test/out/screen-*.png.
// usage: node test/browser/screens.mjs [--readme]   --readme also writes the two pictures of README.md
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { endAll, sleep, until } from "./lib/own.mjs";
import { Person, pair } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";
import { speech } from "./lib/tone.mjs";

const images = resolve(import.meta.dirname, "../../docs/images");
const quick = { ring_seconds: 3, ring_stop_seconds: 8, unreachable_seconds: 5, pair_rings: 50, unanswered_a_day: 50 };

async function walk(shape, viewport, colorScheme, readme) {
	const server = await startServer({ people: ["Ana", "Ben", "Carla"], set: quick });
	const name = (screen) => `screen-${shape}-${colorScheme}-${screen}`;
	const guest = await new Person(server, "Guest").open({ viewport, colorScheme });
	await guest.page.goto(server.url);
	await guest.button("Sign in").waitFor();
	await guest.shot(name("sign-in"));
	await guest.close();
	const look = { viewport, colorScheme };
	const { ana, ben } = await pair(server, { ana: { ...look, tone: 220, loudness: speech }, ben: look });
	await ana.say("Are you still on the 14:02 train? I have the keys.");
	await ben.say("Yes. Tunnel in two minutes.");
	await ana.call();
	await ben.incoming("Ana").waitFor();
	await ana.status("Ben", "Ringing");
	await sleep(600);
	await ana.shot(name("outgoing"));
	await ben.shot(name("incoming"));
	const record = ana.calling("Ben").getByRole("button", { name: "Record voice note" });
	await record.waitFor();
	await sleep(700);
	await ana.shot(name("prompt"));
	if (readme) await ana.page.screenshot({ path: join(images, "prompt.png") });
	await record.click();
	await sleep(3500);
	await ana.shot(name("recording"));
	await ben.shot(name("being-left"));
	await sleep(3500);
	await ana.page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor();
	await sleep(800);
	await ben.shot(name("thread"));
	if (readme) await ben.page.screenshot({ path: join(images, "thread.png") });
	await ana.shot(name("thread-sender"));
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).click();
	await until("it plays", () => ben.page.evaluate(() => window.testPlayers.at(-1)?.currentTime > 1.5));
	await ben.shot(name("playing"));
	await endAll();
}

mkdirSync(images, { recursive: true });
const readme = process.argv.includes("--readme");
await walk("phone", { width: 390, height: 844 }, "light", readme);
if (!readme) {
	await walk("phone", { width: 390, height: 844 }, "dark", false);
	await walk("desktop", { width: 1280, height: 800 }, "light", false);
	await walk("desktop", { width: 1280, height: 800 }, "dark", false);
}
process.exit(0);
