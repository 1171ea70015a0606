// Takes pictures of the main screens from a real server, at phone and desktop width, light and dark, for looking at: test/out/screen-*.png.
// usage: node test/browser/screens.mjs [--readme] [--rooms]   --readme also writes the two pictures of README.md; --rooms: group calls alone
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { answer, chromium, looks, opened, ringAll, set } from "./lib/garden.mjs";
import { endAll, sleep, until } from "./lib/own.mjs";
import { Person, pair } from "./lib/person.mjs";
import { group, hearsAll, seesColour, speak, stageIs } from "./lib/room.mjs";
import { startServer } from "./lib/server.mjs";
import { callRegion } from "./lib/talk.mjs";
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

/** One screen in every shape and colour, since a call cannot be had four times. */
async function all(person, screen) {
	for (const [shape, viewport] of [["phone", { width: 390, height: 844 }], ["desktop", { width: 1280, height: 800 }]]) {
		await person.page.setViewportSize(viewport);
		for (const colorScheme of ["light", "dark"]) {
			await person.page.emulateMedia({ colorScheme });
			await person.page.mouse.move(viewport.width / 2, viewport.height / 3 + (colorScheme === "dark" ? 9 : 0));
			await sleep(500);
			await person.shot(`screen-${shape}-${colorScheme}-${screen}`);
		}
	}
}

async function rooms() {
	const server = await startServer({ people: ["Ana", "Ben", "Carla"], set: { ...set, ring_seconds: 20, room_wait_seconds: 12 } });
	await group(server, "Garden", ["Ana", "Ben", "Carla"]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await opened(await chromium(server, "Ben"));
	const carla = await opened(await chromium(server, "Carla"));
	await carla.page.getByRole("link", { name: "Calls" }).first().click();
	await ana.button("Video call").click();
	await all(ana, "room-start");
	await ana.page.keyboard.press("Escape");
	await ringAll(ana, "Video call", 2);
	await ben.incoming("Garden", "video").waitFor();
	await all(ben, "room-incoming");
	await answer(ben, "video");
	await carla.incoming("Garden", "video").getByRole("button", { name: "Decline", exact: true }).click();
	await seesColour(ana, "Ben", looks.Ben.rgb);
	await all(carla, "room-calls-open");
	await carla.page.getByRole("link", { name: "Chats" }).first().click();
	await all(await opened(carla), "room-strip");
	await carla.page.getByRole("region", { name: "Group video call" }).getByRole("button", { name: "Join" }).click();
	await hearsAll(ana, [looks.Carla.hz]);
	for (const person of [ana, carla]) await speak(person, false);
	await stageIs(ana, "Ben");
	await all(ana, "room-stage");
	await ana.button("Grid").click();
	await carla.button("Raise hand").click();
	await all(ana, "room-grid");
	await ben.button("React").click();
	await all(ben, "room-react");
	for (const emoji of ["👏", "🎉", "👏"]) await ben.page.getByRole("dialog", { name: "React" }).getByRole("button", { name: emoji }).click({ timeout: 2000 }).catch(() => {});
	await sleep(900);
	await ana.shot("screen-desktop-dark-room-reactions");
	await ana.button("People").click();
	await all(ana, "room-people");
	await ana.page.keyboard.press("Escape");
	await ana.button("Minimise").click();
	await all(ana, "room-bar");
	for (const person of [ana, ben, carla]) await callRegion(person).getByRole("button", { name: "Leave" }).click();
	await ringAll(ana, "Voice call", 2);
	await carla.incoming("Garden").getByRole("button", { name: "Decline", exact: true }).click();
	await ben.incoming("Garden").waitFor({ state: "hidden", timeout: 40_000 });
	await ana.page.getByText("No one joined.").waitFor();
	await all(ana, "room-no-one");
	await callRegion(ana).waitFor({ state: "hidden" });
	await ben.page.getByRole("link", { name: "Back" }).click().catch(() => {});
	await ben.page.setViewportSize({ width: 1280, height: 800 });
	await ben.page.getByRole("link", { name: "Calls" }).first().click();
	await all(ben, "room-calls");
	await ben.page.getByRole("link", { name: "Chats" }).first().click();
	await all(await opened(ben), "room-cards");
	await endAll();
}

mkdirSync(images, { recursive: true });
const readme = process.argv.includes("--readme");
if (process.argv.includes("--rooms")) {
	await rooms();
	process.exit(0);
}
await walk("phone", { width: 390, height: 844 }, "light", readme);
if (!readme) {
	await walk("phone", { width: 390, height: 844 }, "dark", false);
	await walk("desktop", { width: 1280, height: 800 }, "light", false);
	await walk("desktop", { width: 1280, height: 800 }, "dark", false);
}
process.exit(0);
