// For everybody: axe-core on every screen, and the whole flow by keyboard alone.
import { assertAccessible, tabTo } from "./lib/access.mjs";
import { sleep, until } from "./lib/own.mjs";
import { Person, pair, signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

const quick = { ring_seconds: 3, ring_stop_seconds: 6, unreachable_seconds: 3, pair_rings: 50, unanswered_a_day: 50 };

async function screens(scheme, viewport) {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	const guest = await new Person(server, "Guest").open({ viewport, colorScheme: scheme });
	await guest.page.goto(server.url);
	await guest.button("Sign in").waitFor();
	await assertAccessible(guest, "sign in");
	await guest.close();
	const { ana, ben } = await pair(server, { ana: { viewport, colorScheme: scheme }, ben: { viewport, colorScheme: scheme } });
	await assertAccessible(ana, "thread");
	await ana.call();
	await ana.status("Ben", "Ringing");
	await assertAccessible(ana, "outgoing call");
	await ben.incoming("Ana").waitFor();
	await assertAccessible(ben, "incoming call");
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).waitFor();
	await sleep(400);
	await assertAccessible(ana, "prompt");
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).click();
	await ana.page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).waitFor();
	await sleep(1500);
	await assertAccessible(ana, "recording");
	await assertAccessible(ben, "a note being left");
	await ana.page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor();
	await assertAccessible(ben, "missed-call entry");
	await ben.call("Video call");
	await ana.incoming("Ben", "video").getByRole("button", { name: "Answer", exact: true }).click();
	await ana.page.getByRole("region", { name: "Call", exact: true }).waitFor();
	await sleep(600);
	await assertAccessible(ana, "in a call");
	await ana.button("Call info").click();
	await ana.page.getByRole("dialog", { name: "Call info" }).waitFor();
	await sleep(400);
	await assertAccessible(ana, "call info");
	await ana.page.keyboard.press("Escape");
	await ana.button("Minimise").click();
	await sleep(400);
	await assertAccessible(ana, "a call above the chats");
}

/** Sign in, find Ben, call, record, send; Ben plays: no mouse anywhere. */
async function keyboardAlone() {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	const ben = await signedIn(server, "Ben");
	const ana = await new Person(server, "Ana").open({ tone: 660 });
	const { page } = ana;
	await page.goto(server.url);
	await tabTo(page, "textbox", "Username");
	await page.keyboard.type("ana");
	await tabTo(page, "textbox", "Password");
	await page.keyboard.type("a long enough secret");
	await page.keyboard.press("Enter");
	await tabTo(page, "button", "New chat");
	await page.keyboard.press("Enter");
	await tabTo(page, "searchbox", "Find people");
	await page.keyboard.type("Ben");
	await page.getByRole("option", { name: /Ben/ }).first().waitFor();
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await page.getByRole("main", { name: /Ben/ }).waitFor();
	await tabTo(page, "button", "Voice call");
	await page.keyboard.press("Enter");
	await until("the middle action is focused", () => page.evaluate(() => /Record voice note/.test(document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? "")), 40_000);
	await page.keyboard.press("Enter");
	await page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).waitFor();
	await sleep(2000);
	await tabTo(page, "button", "Send");
	await page.keyboard.press("Enter");
	await ben.page.keyboard.press("Escape");
	await until("Ben's list has Ana", async () => (await ben.page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Ana/ }).count()) > 0);
	await tabTo(ben.page, "link", /Ana/);
	await ben.page.keyboard.press("Enter");
	await tabTo(ben.page, "button", "Play");
	await ben.page.keyboard.press("Enter");
	await until("it plays", () => ben.page.evaluate(() => window.testPlayers.at(-1)?.currentTime > 0.2));
}

export default {
	wideLight: () => screens("light", { width: 1280, height: 800 }),
	phoneDark: () => screens("dark", { width: 360, height: 740 }),
	keyboardAlone,
};
