// Group calls as the "Calls" page and the thread tell of them: open, over, missed.
import assert from "node:assert/strict";
import { assertAccessible } from "./lib/access.mjs";
import { chromium, opened, ringAll } from "./lib/garden.mjs";
import { until } from "./lib/own.mjs";
import { group, hearsAll } from "./lib/room.mjs";
import { startServer } from "./lib/server.mjs";
import { callRegion } from "./lib/talk.mjs";

const quick = { ring_seconds: 3, ring_stop_seconds: 8, unreachable_seconds: 3 };
const calls = (person) => person.page.getByRole("region", { name: "Calls", exact: true });
const rows = (person) => calls(person).getByRole("listitem");
const row = (person, text) => rows(person).filter({ hasText: text });

async function openCalls(person) {
	await person.page.getByRole("link", { name: "Calls" }).first().click();
	await calls(person).waitFor();
	return person;
}

/** Live, joined, over; then one that is missed: each as both of them find it. */
async function callsPage() {
	const server = await startServer({ people: ["Ana", "Ben"], set: { ...quick, room_wait_seconds: 1 } });
	await group(server, "Garden", ["Ana", "Ben"]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await openCalls(await chromium(server, "Ben"));
	await calls(ben).getByText("No calls yet").waitFor();
	await ana.button("Voice call").click();
	await ana.page.getByRole("button", { name: /Just open the room/ }).click();
	await callRegion(ana).waitFor();
	await row(ben, "Group voice call Ana in it").getByRole("button", { name: "Join" }).click();
	await hearsAll(ben, [440]);
	await callRegion(ben).getByRole("button", { name: "Leave" }).click();
	await callRegion(ana).getByRole("button", { name: "Leave" }).click();
	await assertAccessible(ben, "the calls page");
	const over = row(ben, /Group voice call · \d+ s · (Ana and you|you and Ana)/);
	await over.getByRole("button", { name: "Call back" }).click();
	await ben.page.getByRole("dialog", { name: "Call Garden" }).getByRole("button", { name: "Close" }).click();
	await calls(ben).getByRole("button", { name: "Missed" }).click();
	await calls(ben).getByText("No missed calls").waitFor();

	await ringAll(ana, "Voice call", 1);
	await ben.incoming("Garden").waitFor();
	await ben.incoming("Garden").waitFor({ state: "hidden" });
	const missed = row(ben, "Missed group call · No one joined");
	await missed.getByRole("button", { name: "Call back" }).waitFor();
	assert.equal(await rows(ben).count(), 1, "only what was missed");
	await openCalls(ana);
	await row(ana, "No one joined").getByRole("button", { name: "Call again" }).waitFor();
}
callsPage.timeLimitMs = 240_000;

/** "No one joined" is no missed call while it can still be joined; and none for who came after all. */
async function cameAfterAll() {
	const server = await startServer({ people: ["Ana", "Ben", "Carla"], set: quick });
	await group(server, "Garden", ["Ana", "Ben", "Carla"]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await chromium(server, "Ben");
	await ringAll(ana, "Voice call", 2);
	await ana.page.getByText("No one joined.").waitFor();
	const list = ben.page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Garden/ });
	await list.getByText("1 unread").waitFor();
	await list.getByText("Group call · 1 in it").waitFor();
	await openCalls(ben);
	await row(ben, "Group voice call Ana in it").getByRole("button", { name: "Join" }).click();
	await hearsAll(ben, [440]);
	await callRegion(ben).getByRole("button", { name: "Leave" }).click();
	await callRegion(ana).getByRole("button", { name: "Leave" }).click();
	await row(ben, /Group voice call · \d+ s/).waitFor();
	await ben.page.getByRole("link", { name: "Chats" }).first().click();
	await until("the badge is gone for Ben", async () => (await list.getByText(/unread/).count()) === 0);
	await ben.page.reload();
	await list.waitFor();
	assert.equal(await list.getByText(/unread/).count(), 0, "and the server says so, too");
	/* Carla was away all the time: for her it is missed. */
	const carla = await chromium(server, "Carla");
	const hers = carla.page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Garden/ });
	await hers.getByText("1 unread").waitFor();
	await openCalls(carla);
	await row(carla, /Missed group call · \d+ s/).getByRole("button", { name: "Call back" }).waitFor();
}
cameAfterAll.timeLimitMs = 240_000;

export default {
	"the calls page": callsPage,
	"who came after all": cameAfterAll,
};
