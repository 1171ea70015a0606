// Group calls and voice chats with real browsers: three Chromiums and a Firefox ESR in one room. Voices are tones, pictures are colours.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { FirefoxPerson } from "./lib/firefox.mjs";
import { chromium, looks, opened, ringAll, set, three, tones } from "./lib/garden.mjs";
import { sleep, until } from "./lib/own.mjs";
import { group, hearsAll, seesColour, speak, stageIs, voices } from "./lib/room.mjs";
import { startServer } from "./lib/server.mjs";
import { callRegion, participants } from "./lib/talk.mjs";

async function fourInOneRoom() {
	let dev;
	const { ana, ben } = await three("video", async (server) => {
		dev = await (await new FirefoxPerson(server, "Dev").open({ synthetic: looks.Dev })).signIn();
	});
	await dev.click("button", "Answer", 60_000);
	await dev.wait("button", "Leave");
	await hearsAll(ana, tones("Ben", "Carla", "Dev"));
	await hearsAll(ben, tones("Ana", "Carla", "Dev"));
	await hearsAll(dev, tones("Ana", "Ben", "Carla"));
	for (const name of ["Ben", "Carla", "Dev"]) await seesColour(ana, name, looks[name].rgb);
	for (const name of ["Ana", "Ben", "Carla"]) await seesColour(dev, name, looks[name].rgb);
	await ana.page.mouse.move(300, 300);
	await ana.shot("room-stage-desktop");
	await ana.button("Leave").click();
	await callRegion(ana).waitFor({ state: "hidden" });
}
fourInOneRoom.timeLimitMs = 300_000;

async function theSpeakerIsLarge() {
	const { ana, ben, carla } = await three();
	const all = { Ana: ana, Ben: ben, Carla: carla };
	await hearsAll(ana, tones("Ben", "Carla"));
	const only = async (name) => {
		for (const [one, person] of Object.entries(all)) await speak(person, one === name);
	};
	await only("Ben");
	await stageIs(ana, "Ben");
	await stageIs(carla, "Ben");
	await only("Carla");
	await stageIs(ana, "Carla");
	/* Whoever speaks keeps seeing who spoke before. */
	await stageIs(carla, "Ben");
	await seesColour(ana, "Carla", looks.Carla.rgb);
	await ana.button("Enlarge Ben").click();
	await stageIs(ana, "Ben");
	await sleep(2500);
	await stageIs(ana, "Ben");
	await ana.button("Follow who speaks").click();
	await stageIs(ana, "Carla");
	await ana.button("Grid").click();
	await sleep(600);
	await ana.shot("room-grid-desktop");
	await ana.page.setViewportSize({ width: 390, height: 780 });
	await sleep(600);
	await ana.shot("room-grid-phone");
	await ana.button("Speaker").click();
	await stageIs(ana, "Carla");
	await sleep(400);
	await ana.shot("room-stage-phone");
}
theSpeakerIsLarge.timeLimitMs = 240_000;

async function reactionsAndHands() {
	const { ana, ben, carla } = await three("voice");
	await hearsAll(ana, tones("Ben", "Carla"));
	await ben.button("Mute").click();
	await ben.button("Unmute").waitFor();
	await ben.button("React").click();
	const rising = participants(ana).getByText("👏");
	await Promise.all([rising.first().waitFor({ state: "attached" }), ben.page.getByRole("dialog", { name: "React" }).getByRole("button", { name: "👏" }).click()]);
	await ana.shot("room-reactions-desktop");
	await rising.first().waitFor({ state: "detached" });
	await until("still muted", async () => (await ben.button("Unmute").count()) === 1);
	await ben.page.getByRole("dialog", { name: "React" }).getByRole("button", { name: "More emoji" }).click();
	await ben.page.getByRole("searchbox", { name: "Find an emoji" }).fill("rocket");
	await Promise.all([participants(ana).getByText("🚀").first().waitFor({ state: "attached" }), ben.page.getByRole("button", { name: "rocket", exact: true }).click()]);
	await ben.page.keyboard.press("Escape");
	await carla.button("Raise hand").click();
	await participants(ana).getByRole("group", { name: "Carla, hand raised, number 1 in line" }).waitFor();
	await ben.button("Raise hand").click();
	await participants(ana).getByRole("group", { name: "Ben, hand raised, number 2 in line" }).waitFor();
	await ana.button("People").click();
	const hands = ana.page.getByRole("region", { name: "Raised hands" }).getByRole("listitem");
	await until("both are in the list", async () => (await hands.count()) === 2);
	assert.match(await hands.nth(0).innerText(), /Carla/);
	assert.match(await hands.nth(1).innerText(), /Ben/);
	await hands.nth(0).getByRole("button", { name: "Carla: actions" }).click();
	await ana.page.getByRole("menuitem", { name: "Lower hand" }).click();
	await until("one is left", async () => (await hands.count()) === 1);
	await carla.button("Raise hand").waitFor();
	await hands.nth(0).getByRole("button", { name: "Ben: actions" }).click();
	await ana.page.getByRole("menuitem", { name: "Lower hand" }).click();
	/* The starter mutes somebody, who alone can unmute. */
	await ana.page.getByRole("region", { name: "In the call" }).getByRole("button", { name: "Carla: actions" }).click();
	await ana.page.getByRole("menuitem", { name: "Mute", exact: true }).click();
	await carla.page.getByText("Ana muted you").waitFor();
	await carla.button("Unmute").click();
	await carla.button("Mute").waitFor();
}
reactionsAndHands.timeLimitMs = 240_000;

async function aScreenIsShared() {
	const { ana, ben, carla } = await three();
	await hearsAll(ben, tones("Ana"));
	await ana.button("Share screen").click();
	await seesColour(ben, "Ana’s screen", [0, 160, 255]);
	await stageIs(carla, "Ana’s screen");
	await ana.button("Stop sharing").click();
	await participants(ben).getByRole("group", { name: "Ana’s screen" }).waitFor({ state: "hidden" });
}
aScreenIsShared.timeLimitMs = 240_000;

/** All processes of a browser, the parents first. */
function processes(pid) {
	let below = [];
	try {
		below = execFileSync("pgrep", ["-P", String(pid)], { encoding: "utf8" }).trim().split("\n").filter(Boolean).map(Number);
	} catch {
		/* It has none. */
	}
	return [pid, ...below.flatMap(processes)];
}

async function frozenAndBack() {
	const { ana, ben, carla } = await three("voice");
	await hearsAll(ana, tones("Ben", "Carla"));
	const main = Number(execFileSync("pgrep", ["-o", "-f", `user-data-dir=${carla.dir}`], { encoding: "utf8" }).trim());
	const all = processes(main);
	for (const pid of all) process.kill(pid, "SIGSTOP");
	const frozen = Date.now();
	try {
		await participants(ana).getByRole("group", { name: "Carla, connection lost" }).waitFor({ timeout: 60_000 });
		await hearsAll(ana, tones("Ben"));
		await sleep(Math.max(0, 20_000 - (Date.now() - frozen)));
	} finally {
		for (const pid of all) process.kill(pid, "SIGCONT");
	}
	await participants(ana).getByRole("group", { name: /^Carla(, speaking)?$/ }).waitFor({ timeout: 90_000 });
	await hearsAll(ana, tones("Ben", "Carla"), 90_000);
	await hearsAll(carla, tones("Ana", "Ben"), 90_000);
	await hearsAll(ben, tones("Ana", "Carla"));
}
frozenAndBack.timeLimitMs = 300_000;

/** The process of a role, as the log says. */
async function roleDies(role) {
	const { server, ana, ben, carla } = await three();
	await hearsAll(ana, tones("Ben", "Carla"));
	await seesColour(ana, "Ben", looks.Ben.rgb);
	const pid = server.role(role);
	const before = await ana.page.evaluate(() => window.testPeers.length);
	process.kill(pid, "SIGKILL");
	await until("a new connection is made", async () => (await ana.page.evaluate(() => window.testPeers.length)) > before);
	await until("it is connected", () => ana.page.evaluate(() => window.testPeers.at(-1).connectionState === "connected"), 60_000);
	await hearsAll(ana, tones("Ben", "Carla"));
	await hearsAll(ben, tones("Ana", "Carla"));
	await seesColour(carla, "Ben", looks.Ben.rgb);
	await seesColour(ana, "Ben", looks.Ben.rgb);
}

const theMediaRoleDies = () => roleDies("media");
theMediaRoleDies.timeLimitMs = 300_000;
const theCoreDies = () => roleDies("core");
theCoreDies.timeLimitMs = 300_000;

async function removed() {
	const { made, ana, ben, carla } = await three("voice");
	await hearsAll(ana, tones("Ben", "Carla"));
	await ana.button("People").click();
	await ana.page.getByRole("button", { name: "Carla: actions" }).click();
	await ana.page.getByRole("menuitem", { name: "Remove" }).click();
	await ana.button("Remove").click();
	await callRegion(carla).waitFor({ state: "hidden" });
	await carla.page.getByText("You were removed from the call.").first().waitFor();
	await hearsAll(ana, tones("Ben"));
	await until("Carla is not heard", async () => !(await voices(ana.page)).some((hz) => Math.abs(hz - looks.Carla.hz) < 15));
	/* Out of the group is out of its call. */
	await made.maker.ask("group.remove", { conv: made.conv, cid: Date.now(), user: made.ids[0] });
	await callRegion(ben).waitFor({ state: "hidden" });
}
removed.timeLimitMs = 240_000;

async function nobodyComes() {
	const server = await startServer({ people: ["Ana", "Ben"], set: { ring_seconds: 4, ring_stop_seconds: 8, unreachable_seconds: 3 } });
	await group(server, "Garden", ["Ana", "Ben"]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await opened(await chromium(server, "Ben"));
	await ringAll(ana, "Voice call", 1);
	await ben.incoming("Garden").getByRole("button", { name: "Decline", exact: true }).click();
	await ana.page.getByText("No one joined.").waitFor();
	const names = await callRegion(ana).getByRole("button").evaluateAll((buttons) => buttons.map((button) => button.getAttribute("aria-label") ?? button.textContent.trim()));
	const order = ["Cancel", "Record voice note", "Call again"].map((name) => names.indexOf(name));
	assert.ok(order.every((at) => at >= 0) && order[0] < order[1] && order[1] < order[2], `the buttons: ${names}`);
	await callRegion(ana).getByRole("button", { name: "Record voice note", exact: true }).click();
	await ana.page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Pause" }).waitFor();
	await sleep(2500);
	await callRegion(ana).getByRole("button", { name: "Send", exact: true }).click();
	await ben.messages().getByRole("article", { name: /No one joined|Missed group call|Group voice call/ }).getByRole("button", { name: "Play" }).waitFor({ timeout: 60_000 });
	/* Still open: he can come. */
	await ben.button("Join").click();
	await hearsAll(ben, tones("Ana"));
}
nobodyComes.timeLimitMs = 240_000;

async function voiceChat() {
	const server = await startServer({ people: ["Ana", "Ben"], set });
	await group(server, "Garden", ["Ana", "Ben"]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await opened(await chromium(server, "Ben"));
	await ana.button("Start voice chat").click();
	await callRegion(ana).waitFor();
	const strip = ben.page.getByRole("region", { name: "Voice chat" });
	await strip.getByText("Ana in it").waitFor();
	await strip.getByText("Ana speaking").waitFor({ timeout: 60_000 });
	await ben.shot("voice-chat-bar-before");
	assert.equal(await ben.page.getByRole("dialog").count(), 0, "nothing rings");
	await strip.getByRole("switch", { name: "Join muted" }).click();
	await ben.button("Join voice chat").click();
	await hearsAll(ben, tones("Ana"));
	await callRegion(ben).getByRole("button", { name: "Unmute" }).click();
	await hearsAll(ana, tones("Ben"));
	await ben.shot("voice-chat-bar-desktop");
	const rising = callRegion(ana).getByText("👏");
	await ben.button("React").click();
	await until("Ana sees it rise, all the way", async () => {
		await ben.page.getByRole("dialog", { name: "React" }).getByRole("button", { name: "👏" }).click();
		await rising.first().waitFor({ state: "attached", timeout: 3000 });
		await sleep(700);
		return (await rising.first().boundingBox({ timeout: 500 })).y > 0;
	});
	await ben.page.keyboard.press("Escape");
	await ben.button("Raise hand").click();
	await callRegion(ana).getByText("Hand raised: Ben").waitFor();
	await ben.page.setViewportSize({ width: 390, height: 780 });
	await ben.shot("voice-chat-bar-phone");
	await callRegion(ben).getByRole("button", { name: "Leave" }).click();
	await callRegion(ana).getByRole("button", { name: "Leave" }).click();
	await ana.entry("Voice chat").waitFor();
	await strip.waitFor({ state: "hidden" });
}
voiceChat.timeLimitMs = 240_000;

async function aCallGrows() {
	const server = await startServer({ people: ["Ana", "Ben", "Carla"], set });
	const ana = await chromium(server, "Ana");
	const ben = await chromium(server, "Ben");
	const carla = await chromium(server, "Carla");
	await ana.chatWith("Ben");
	await ana.call();
	await ben.incoming("Ana").getByRole("button", { name: "Answer", exact: true }).click();
	await hearsAll(ben, tones("Ana"));
	await ana.button("More").click();
	await ana.page.getByRole("menuitem", { name: "Add people" }).click();
	await ana.page.getByRole("checkbox", { name: /Carla/ }).click();
	await ana.button("Call 1 person").click();
	await carla.incoming("Ana").getByRole("button", { name: "Answer", exact: true }).click({ timeout: 60_000 });
	await hearsAll(carla, tones("Ana", "Ben"));
	await hearsAll(ben, tones("Ana", "Carla"));
	await until("the call of the two is over", async () => (await ben.page.evaluate(() => window.testPeers.filter((peer) => peer.connectionState === "connected").length)) === 1);
	await hearsAll(ana, tones("Ben", "Carla"));
}
aCallGrows.timeLimitMs = 240_000;

export default {
	"three chromiums and a firefox": fourInOneRoom,
	"the speaker is large": theSpeakerIsLarge,
	"reactions and hands": reactionsAndHands,
	"a screen is shared": aScreenIsShared,
	"frozen and back": frozenAndBack,
	"the media role dies": theMediaRoleDies,
	"the core dies": theCoreDies,
	"somebody is removed": removed,
	"nobody comes": nobodyComes,
	"a voice chat": voiceChat,
	"a call grows": aCallGrows,
};
