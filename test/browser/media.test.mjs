// Calls that connect: voice and pictures arrive at the other end, and come back when something in between ends.
import assert from "node:assert/strict";
import { FirefoxPerson } from "./lib/firefox.mjs";
import { behindBadNetwork } from "./lib/impair.mjs";
import { sleep, until } from "./lib/own.mjs";
import { pair, signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";
import { callRegion, connections, hears, participants, sees, talking, voice as heardVoice } from "./lib/talk.mjs";

const quick = { ring_seconds: 20, ring_stop_seconds: 30, pair_rings: 50, unanswered_a_day: 50 };
const share = ["--auto-select-desktop-capture-source=Entire screen", "--auto-accept-this-tab-capture", "--use-fake-ui-for-media-stream"];

async function started(options) {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	return { server, ...(await pair(server, options)) };
}

async function leave(who, other) {
	await who.button("Leave").click();
	await callRegion(who).waitFor({ state: "detached" });
	await callRegion(other).waitFor({ state: "detached" });
	await who.entry("Voice call").or(who.entry("Video call")).first().waitFor();
}

async function voice() {
	const { ana, ben } = await started();
	await talking(ana, ben);
	await hears(ben, 660);
	await hears(ana, 880);
	await ana.button("Mute").click();
	await hears(ben, null);
	await participants(ben).getByRole("group", { name: "Ana, muted" }).waitFor();
	await ana.button("Unmute").click();
	await hears(ben, 660);
	assert.equal((await connections(ana)).length, 1, "one connection was enough");
	assert.equal(await ana.page.getByText("could not be verified").count(), 0);
	await leave(ana, ben);
	await hears(ben, null);
}

async function safetyCode() {
	const { ana, ben } = await started();
	await talking(ana, ben);
	const code = async (who) => {
		await callRegion(who).getByRole("button", { name: "Call info" }).click();
		const dialog = who.page.getByRole("dialog", { name: "Call info" });
		await dialog.getByText(/Signed/).waitFor();
		const text = (await dialog.innerText()).match(/(\d{5}\s+){5}\d{5}/)?.[0].replaceAll(/\s+/g, " ");
		await who.page.keyboard.press("Escape");
		return text;
	};
	const first = await code(ana);
	assert.match(first, /^(\d{5} ){5}\d{5}$/);
	assert.equal(await code(ben), first);
}

async function video() {
	const { ana, ben } = await started();
	await talking(ana, ben, "video");
	await sees(ben, "Ana");
	await sees(ana, "Ben");
	await hears(ben, 660);
	await ana.button("Turn camera off").click();
	await participants(ben).getByText("Camera off").waitFor();
	assert.equal(await participants(ben).getByRole("group", { name: "Ana" }).locator("video").count(), 0);
	await ana.button("Turn camera on").click();
	await sees(ben, "Ana");
	assert.equal((await connections(ben)).length, 1);
	await leave(ben, ana);
}

async function voiceBecomesVideo() {
	const { ana, ben } = await started();
	await talking(ana, ben);
	await hears(ben, 660);
	await ana.button("Turn camera on").click();
	await ben.page.getByText("Ana would like to turn on video.").waitFor();
	assert.equal(await callRegion(ana).locator("video").count(), 0, "no picture before they agree");
	await ben.button("Turn on my camera").click();
	await sees(ben, "Ana");
	await sees(ana, "Ben");
	await ana.button("Leave").click();
	await callRegion(ana).waitFor({ state: "detached" });
	for (const who of [ana, ben]) await who.entry("Video call").first().waitFor();
}

async function screen() {
	const { ana, ben } = await started({ ana: { args: share } });
	await talking(ana, ben);
	await hears(ben, 660);
	await ana.button("Share screen").click();
	await sees(ben, "Ana’s screen");
	await ana.button("Stop sharing").click();
	await participants(ben).getByRole("group", { name: "Ana’s screen" }).waitFor({ state: "detached" });
}

async function glare() {
	const { ana, ben } = await started();
	// At once: a ring would lie over the button of whoever comes second.
	await Promise.all([ana, ben].map((who) => who.button("Voice call").evaluate((button) => button.click())));
	await callRegion(ana).waitFor();
	await callRegion(ben).waitFor();
	await hears(ben, 660);
	await hears(ana, 880);
	await leave(ana, ben);
	assert.equal(await ana.messages().getByRole("article", { name: /voice call/i }).count(), 1);
}

async function answeredWhileANoteIsLeft() {
	const { ana, ben } = await started();
	await ana.call();
	await ana.status("Ben", "Ringing");
	await ana.button("Leave a note now").click();
	await ben.page.getByText("Ana is leaving a voice note").first().waitFor();
	await sleep(1500);
	await ben.button("Answer").first().click();
	await callRegion(ana).waitFor();
	await hears(ben, 660);
	await hears(ana, 880);
}

async function mediaRoleEnds() {
	const { server, ana, ben } = await started();
	await talking(ana, ben);
	await hears(ben, 660);
	await hears(ana, 880);
	process.kill(server.role("media"), "SIGKILL");
	await sleep(500);
	await hears(ben, 660, 10_000);
	await hears(ana, 880, 10_000);
	assert.equal((await connections(ana)).length, 1, "the same connection goes on");
}

async function serverEnds() {
	const { server, ana, ben } = await started();
	await talking(ana, ben);
	await hears(ben, 660);
	await server.kill();
	await server.start();
	await hears(ben, 660, 40_000);
	await hears(ana, 880, 40_000);
	await leave(ana, ben);
}

async function pageLoadedAgain() {
	const { ana, ben } = await started();
	await talking(ana, ben);
	await hears(ben, 660);
	await ben.page.reload();
	await callRegion(ben).waitFor();
	await hears(ben, 660);
	await hears(ana, 880);
	await ana.page.reload();
	await callRegion(ana).waitFor();
	await hears(ben, 660);
	await hears(ana, 880);
}

async function movesToAnotherDevice() {
	const { server, ana, ben } = await started();
	await talking(ana, ben);
	await hears(ana, 880);
	const laptop = await signedIn(server, "Ben", { tone: 440 });
	await laptop.button("Move call here").click();
	await callRegion(laptop).waitFor();
	await callRegion(ben).waitFor({ state: "detached" });
	await hears(laptop, 660);
	await hears(ana, 440);
}

async function chatsWhileTalking() {
	const { ana, ben } = await started();
	await talking(ana, ben);
	await callRegion(ana).getByRole("button", { name: "Minimise" }).click();
	await ana.say("Written while talking");
	await callRegion(ben).getByRole("button", { name: "Minimise" }).click();
	await ben.messages().getByText("Written while talking").waitFor();
	await hears(ben, 660);
	await ana.button("Back to the call").click();
	await callRegion(ana).getByRole("button", { name: "Minimise" }).waitFor();
	await ana.page.keyboard.press("m");
	await ana.button("Unmute").waitFor();
	await hears(ben, null);
	await ana.page.evaluate(() => document.activeElement?.blur());
	await ana.page.keyboard.down("Space");
	await hears(ben, 660);
	await ana.page.keyboard.up("Space");
	await hears(ben, null);
}

/** Somebody must not be heard before they have answered. */
async function silentUntilAnswered() {
	const { server, net } = await behindBadNetwork({ people: ["Ana", "Ben"], set: quick });
	const { ana, ben } = await pair(server);
	const said = [];
	for (const { page } of [ana, ben])
		page.on("websocket", (socket) => socket.on("framesent", ({ payload }) => said.push(String(payload).match(/"do":"(.*?)"/)?.[1])));
	await Promise.all([ana, ben].map(({ page }) => page.reload()));
	await ana.call("Video call");
	await ben.incoming("Ana", "video").waitFor();
	await sleep(1500);
	assert.deepEqual(await connections(ben), []);
	// She has written down what she would offer, and that is all.
	assert.deepEqual(await ana.page.evaluate(() => window.testPeers.map((one) => [one.connectionState, one.iceGatheringState, one.localDescription, one.getSenders().filter((sender) => sender.track).length])), [["new", "new", null, 0]]);
	assert.ok(said.includes("call.start"), said.join());
	assert.deepEqual(said.filter((name) => name?.startsWith("media.")), []);
	assert.match(await net.say("stats"), /^in 0 out 0 /);
	await until("still ringing", () => ben.incoming("Ana", "video").isVisible());
}

async function withFirefox() {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	const ben = await (await new FirefoxPerson(server, "Ben").open()).signIn();
	const ana = await signedIn(server, "Ana", { tone: 660 });
	await ana.chatWith("Ben");
	await ana.say("Hello Ben");
	await ben.click("link", /Ana/);
	return { ana, ben };
}

/** Firefox's microphone is a tone of its own. */
async function bothThere(ana, ben) {
	await sees(ana, "Ben");
	await sees(ben, "Ana");
	await hears(ben, 660);
	await until("Ana hears Firefox", () => heardVoice(ana.page));
}

async function chromiumCallsFirefox() {
	const { ana, ben } = await withFirefox();
	await ana.call("Video call");
	await ben.click("button", "Answer");
	await bothThere(ana, ben);
	await ana.button("Turn camera off").click();
	await until("no picture of Ana any more", () => ben.page.evaluate(() => /Camera off/.test(document.body.innerText)));
	await ana.button("Turn camera on").click();
	await sees(ben, "Ana");
}

async function firefoxCallsChromium() {
	const { ana, ben } = await withFirefox();
	await ben.click("button", "Video call");
	await ana.incoming("Ben", "video").getByRole("button", { name: "Answer", exact: true }).click();
	await bothThere(ana, ben);
	await ben.click("button", "Mute");
	await hears(ana, null);
	await ana.button("Leave").click();
	await until("over at Firefox, too", () => ben.page.evaluate(() => document.querySelector("[aria-label=Participants]") === null));
}

async function heardBothWays(ana, ben) {
	await hears(ben, 660);
	await until("Ana hears Firefox", () => heardVoice(ana.page));
	await ana.button("Mute").click();
	await hears(ben, null);
	await ana.button("Unmute").click();
	await hears(ben, 660);
}

/** Voice alone, placed by the one and then by the other. */
async function voiceWithFirefox() {
	const { ana, ben } = await withFirefox();
	await ana.call();
	await ben.click("button", "Answer");
	await heardBothWays(ana, ben);
	await ana.button("Leave").click();
	await callRegion(ana).waitFor({ state: "hidden" });
	await until("over at Firefox, too", () => ben.page.evaluate(() => document.querySelector("[aria-label=Participants]") === null));
	await ben.click("button", "Voice call");
	await ana.incoming("Ben").getByRole("button", { name: "Answer", exact: true }).click();
	await heardBothWays(ana, ben);
}

/** Two browsers of one kind need not read each other's offer first; Firefox's own, too. */
async function firefoxCallsFirefox() {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	const [ana, ben] = [await (await new FirefoxPerson(server, "Ana").open()).signIn(), await (await new FirefoxPerson(server, "Ben").open()).signIn()];
	await ana.chatWith("Ben");
	await ana.say("Hello Ben");
	await ben.click("link", /Ana/);
	await ana.click("button", "Video call");
	await ben.click("button", "Answer");
	await sees(ana, "Ben");
	await sees(ben, "Ana");
	for (const who of [ana, ben]) await until(`${who.name} hears the other`, () => heardVoice(who.page));
	for (const who of [ana, ben]) assert.match(await who.page.evaluate(() => window.testPeers.at(-1).remoteDescription.type), /answer/);
}

export default { chromiumCallsFirefox, firefoxCallsFirefox, firefoxCallsChromium, voiceWithFirefox, voice, safetyCode, video, voiceBecomesVideo, screen, glare, answeredWhileANoteIsLeft, mediaRoleEnds, serverEnds, pageLoadedAgain, movesToAnotherDevice, chatsWhileTalking, silentUntilAnswered };
