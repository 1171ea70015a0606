// Every outcome of a call that does not connect, as both sides see it, and the answers that cross.
import assert from "node:assert/strict";
import { sleep, until } from "./lib/own.mjs";
import { pair, signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

const quick = { ring_seconds: 4, ring_stop_seconds: 8, unreachable_seconds: 3, pair_rings: 50, unanswered_a_day: 50 };
const three = ["Ana", "Ben", "Carla"];

/** The prompt: three actions in this order, the middle one focused and the biggest. */
async function assertPrompt(ana, record = "Record voice note") {
	const dialog = ana.calling("Ben");
	await dialog.getByRole("button", { name: record }).waitFor();
	const names = await dialog.getByRole("button").evaluateAll((buttons) => buttons.filter((button) => button.checkVisibility()).map((button) => button.getAttribute("aria-label") ?? button.textContent.trim()));
	const order = ["Cancel", record, "Call again"].map((name) => names.indexOf(name));
	assert.ok(order.every((at) => at >= 0) && order[0] < order[1] && order[1] < order[2], `the buttons: ${names}`);
	await until("the middle one is focused", () => dialog.getByRole("button", { name: record }).evaluate((button) => button === document.activeElement));
	const area = async (name) => {
		const box = await dialog.getByRole("button", { name, exact: true }).boundingBox();
		return box.width * box.height;
	};
	assert.ok((await area(record)) > (await area("Cancel")) && (await area(record)) > (await area("Call again")), "the middle one is the biggest");
}

async function noAnswer() {
	const server = await startServer({ people: three, set: quick });
	const { ana, ben } = await pair(server);
	await ana.call();
	await ana.status("Ben", "Ringing");
	await ben.incoming("Ana").waitFor();
	await ana.status("Ben", "didn't answer");
	await assertPrompt(ana);
	await ben.incoming("Ana").waitFor({ state: "hidden" });
	await ben.entry("Missed voice call").waitFor();
	assert.equal(await ben.entry("Missed voice call").count(), 1);
	await ana.button("Cancel").click();
	await ana.calling("Ben").waitFor({ state: "hidden" });
	assert.equal(await ana.messages().getByRole("article", { name: /voice call/i }).count(), 1);
}

async function declined() {
	const server = await startServer({ people: three, set: quick });
	const { ana, ben } = await pair(server);
	await ana.call("Video call");
	await ben.incoming("Ana", "video").getByRole("button", { name: "Decline", exact: true }).click();
	await ana.status("Ben", "declined");
	await ana.calling("Ben").getByRole("button", { name: "Record video note" }).waitFor();
	await ben.entry("Declined").waitFor();
}

async function declinedWithMessage() {
	const server = await startServer({ people: three, set: { ...quick, ring_seconds: 20, ring_stop_seconds: 25 } });
	const { ana, ben } = await pair(server);
	await ana.call();
	await ben.incoming("Ana").getByRole("button", { name: "Decline with a message" }).click();
	await ben.page.getByRole("button", { name: /call you|later|busy|text/i }).first().click();
	await ana.status("Ben", "declined");
	await ana.button("Cancel").click();
	await until("the message arrives", async () => (await ana.messages().getByRole("article").count()) >= 3);
}

async function busy() {
	const server = await startServer({ people: three, set: quick });
	const { ana, ben } = await pair(server);
	const carla = await signedIn(server, "Carla");
	await carla.chatWith("Ben");
	await carla.call();
	await ben.incoming("Carla").getByRole("button", { name: "Answer", exact: true }).click();
	await ben.page.getByRole("region", { name: "Call" }).waitFor();
	await carla.page.getByRole("region", { name: "Call" }).waitFor();
	await ana.call();
	await ana.status("Ben", "another call");
	await assertPrompt(ana);
	await carla.button("Leave").click();
	await carla.messages().getByRole("article", { name: /^Voice call/ }).waitFor();
}

async function unreachable() {
	const server = await startServer({ people: three, set: quick });
	const { ana, ben } = await pair(server);
	await ben.close();
	await until("Ben is gone", async () => (await ana.page.evaluate(() => document.body.innerText)) !== "");
	await ana.call();
	await ana.status("Ben", "Reaching");
	await ana.status("Ben", "Could not reach");
	await assertPrompt(ana);
	const late = await signedIn(server, "Ben");
	await late.chatWith("Ana");
	await late.entry("Missed voice call").waitFor();
}

async function cancelled() {
	const server = await startServer({ people: three, set: { ...quick, ring_seconds: 30, ring_stop_seconds: 40 } });
	const { ana, ben } = await pair(server);
	await ana.call();
	await ana.status("Ben", "Ringing");
	await ben.incoming("Ana").waitFor();
	await sleep(1200);
	await ana.calling("Ben").getByRole("button", { name: "Cancel" }).click();
	await ben.incoming("Ana").waitFor({ state: "hidden" });
	await ben.entry("Missed voice call").waitFor();
}

async function blocked() {
	const server = await startServer({ people: three, set: quick });
	const { ana, ben } = await pair(server);
	await ben.button("Chat info").click();
	await ben.page.getByRole("button", { name: /^Block/ }).click();
	const confirm = ben.page.getByRole("dialog").getByRole("button", { name: /^Block/ });
	if ((await confirm.count()) > 0) await confirm.click();
	await ben.page.getByRole("button", { name: /^Unblock/ }).first().waitFor();
	await ana.call();
	await ana.status("Ben", "Ringing");
	await ana.status("Ben", "didn't answer");
	await assertPrompt(ana);
	assert.equal(await ben.incoming("Ana").count(), 0);
	assert.equal(await ben.messages().getByRole("article", { name: /call/i }).count(), 0);
}

async function glare() {
	const server = await startServer({ people: three, set: { ...quick, ring_seconds: 30, ring_stop_seconds: 40 } });
	const { ana, ben } = await pair(server);
	// Both at once, without the driver's own waiting between the two.
	const press = (person) => person.button("Voice call").evaluate((button) => button.click());
	await Promise.all([press(ana), press(ben)]);
	await ana.page.getByRole("region", { name: "Call" }).waitFor();
	await ben.page.getByRole("region", { name: "Call" }).waitFor();
	await ana.button("Leave").click();
	await ben.page.getByRole("region", { name: "Call" }).waitFor({ state: "hidden" });
	await ben.messages().getByRole("article", { name: /^Voice call/ }).waitFor();
	assert.equal(await ben.messages().getByRole("article", { name: /call/i }).count(), 1);
}

async function secondDevice() {
	const server = await startServer({ people: three, set: { ...quick, ring_seconds: 30, ring_stop_seconds: 40 } });
	const { ana, ben } = await pair(server);
	const laptop = await signedIn(server, "Ben");
	await ana.call();
	await ben.incoming("Ana").waitFor();
	await laptop.incoming("Ana").waitFor();
	await laptop.incoming("Ana").getByRole("button", { name: "Answer", exact: true }).click();
	await ben.incoming("Ana").waitFor({ state: "hidden" });
	await ana.page.getByRole("region", { name: "Call" }).waitFor();
	assert.equal(await ben.page.getByRole("region", { name: "Call" }).count(), 0);
	await ana.button("Leave").click();
	await ben.messages().getByRole("article", { name: /^Voice call/ }).waitFor();
	assert.equal(await ben.entry("Missed").count(), 0);
}

async function restartWhileRinging() {
	const server = await startServer({ people: three, set: { ...quick, ring_seconds: 30, ring_stop_seconds: 40 } });
	const { ana, ben } = await pair(server);
	await ana.call();
	await ben.incoming("Ana").waitFor();
	await server.kill();
	await server.start();
	await ana.status("Ben", "failed", 60_000);
	await assertPrompt(ana);
	await ben.incoming("Ana").waitFor({ state: "hidden", timeout: 60_000 });
	await ben.entry("Missed voice call").waitFor();
}

export default { noAnswer, declined, declinedWithMessage, busy, unreachable, cancelled, blocked, glare, secondDevice, restartWhileRinging };
