// A subset in Firefox ESR: what one browser records, the other plays, with the right length and seekable.
import assert from "node:assert/strict";
import { FirefoxPerson } from "./lib/firefox.mjs";
import { sleep, until } from "./lib/own.mjs";
import { signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";

const quick = { ring_seconds: 2, ring_stop_seconds: 6, unreachable_seconds: 3 };

function playerFacts(page) {
	return page.evaluate(async () => {
		const element = window.testPlayers.at(-1);
		if (!element || !(element.duration > 0)) return null;
		const { duration } = element;
		const ready = element.readyState;
		return { duration, ready, at: element.currentTime, ended: element.ended };
	});
}

/** Runs in a page, so it brings everything along: the stored bytes in an element of their own, and a seek into the middle. */
async function probeHere([url, tag]) {
	const element = document.createElement(tag);
	element.preload = "auto";
	element.src = url;
	await new Promise((resolve, reject) => {
		element.onloadeddata = resolve;
		element.onerror = () => reject(new Error("does not load"));
	});
	element.currentTime = element.duration / 2;
	await new Promise((resolve, reject) => {
		element.onseeked = resolve;
		setTimeout(() => reject(new Error("does not seek")), 40_000);
	});
	return { duration: element.duration * 1000, at: element.currentTime * 1000 };
}

const probe = (page, blob, tag) => page.evaluate(probeHere, [blob, tag]);

function mediaUrls(page) {
	return page.evaluate(() => window.testPlayers.map((player) => player.currentSrc));
}

async function recordedByFirefox(kind) {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	const ben = await (await new FirefoxPerson(server, "Ben").open()).signIn();
	const ana = await signedIn(server, "Ana");
	await ana.chatWith("Ben");
	await ana.say("Hello Ben");
	await ben.click("link", /Ana/);
	await ben.click("button", `Record ${kind} note`);
	if (kind === "video") await ben.click("button", /Skip|Start now/, 8000).catch(() => {});
	await ben.wait("button", "Pause");
	await sleep(3500);
	await ben.click("button", "Send");
	const entry = ana.messages().getByRole("article", { name: new RegExp(`^${kind === "voice" ? "Voice" : "Video"} note`) });
	await entry.getByRole("button", { name: "Play" }).click({ timeout: 40_000 });
	const facts = await until("it plays in Chromium", async () => {
		const now = await playerFacts(ana.page);
		return now && (now.at > 0.3 || now.ended) && now;
	});
	assert.ok(facts.duration > 2 && facts.duration < 12, `its length: ${facts.duration}`);
	const url = (await mediaUrls(ana.page)).at(-1);
	const tag = kind === "voice" ? "audio" : "video";
	const { duration: there } = await probe(ana.page, url, tag);
	const here = await probe(ben.page, new URL(url).pathname, tag);
	assert.ok(Math.abs(here.duration - there) <= 100, `Firefox says ${here.duration}, Chromium ${there}`);
}

async function playedByFirefox() {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	const ana = await signedIn(server, "Ana", { tone: 660 });
	await ana.chatWith("Ben");
	await ana.say("Hello Ben");
	const ben = await (await new FirefoxPerson(server, "Ben").open()).signIn();
	await ben.click("link", /Ana/);
	await ana.call();
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).click({ timeout: 40_000 });
	await sleep(3000);
	await ana.page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).click();
	await ben.wait("article", /^Missed voice call.*Voice note, 0:0[2-6], not played/s, 40_000);
	await ben.click("button", "Play");
	const facts = await until("it plays in Firefox", async () => {
		const now = await playerFacts(ben.page);
		return now && (now.at > 0.5 || now.ended) && now;
	});
	assert.ok(facts.duration > 2 && facts.duration < 8, `its length: ${facts.duration}`);
	const seek = await probe(ben.page, new URL((await mediaUrls(ben.page)).at(-1)).pathname, "audio");
	assert.ok(Math.abs(seek.at - seek.duration / 2) < 300);
}

const firefox = async (server, name) => (await new FirefoxPerson(server, name).open()).signIn();
const chromium = (server, name) => signedIn(server, name, { tone: 660 });

/** Only what is not covered by something modal. */
async function click(person, role, name, limitMs = 30_000) {
	if (person instanceof FirefoxPerson) return person.click(role, name, limitMs);
	const found = person.page.getByRole(role, { name, exact: true }).and(person.page.locator(":not([inert] *)"));
	return found.first().click({ timeout: limitMs });
}

/** What the listener's picture has shown so far; null = none yet. */
function watched(page) {
	return page.evaluate(() => {
		const element = window.testPlayers.at(-1);
		return element?.videoWidth > 0 ? { at: element.currentTime, frames: element.getVideoPlaybackQuality().totalVideoFrames } : null;
	});
}

/** The newest recording of the page's own thread, once it plays: its address. */
async function played(person) {
	await click(person, "button", "Play", 40_000);
	await until(`it plays for ${person.name}`, async () => (await playerFacts(person.page))?.at > 0.3, 40_000);
	return new URL((await mediaUrls(person.page)).at(-1)).pathname;
}

/** A video note is watched while it is being left, by somebody who joins late and stays longer than one key frame is good for; it is paused
 * and goes on; once sent it is like any other: its length is right and it can be sought. */
async function liveVideo(from, to) {
	const server = await startServer({ people: ["Ana", "Ben"], set: quick });
	const ana = await from(server, "Ana");
	const ben = await to(server, "Ben");
	await ana.chatWith("Ben");
	await ana.say("Hello Ben");
	await (ben instanceof FirefoxPerson ? ben.click("link", /Ana/) : ben.chatWith("Ana"));
	await click(ana, "button", "Video call");
	await click(ana, "button", "Record video note", 40_000);
	await click(ana, "button", /Skip|Start now/, 8000).catch(() => {});
	const began = Date.now();
	await click(ana, "button", "Pause");
	await click(ana, "button", "Resume");
	await sleep(2500);
	await click(ben, "button", "Listen");
	const first = await until("Ben sees the picture", () => watched(ben.page));
	/* Firefox sets a key frame every 8 s or so. */
	const later = await until("the picture goes on past the next key frames", async () => {
		const now = await watched(ben.page);
		if (now.at > 18) return now;
		throw new Error(JSON.stringify(now));
	}, 120_000);
	assert.ok(later.frames - first.frames > 8 * (later.at - first.at), `it moves: ${later.frames - first.frames} pictures`);
	await click(ana, "button", "Send");
	const spoken = Date.now() - began;
	const blob = await played(ben);
	const [there, here] = [await probe(ben.page, blob, "video"), await probe(ana.page, blob, "video")];
	assert.ok(Math.abs(there.duration - here.duration) <= 100, `${there.duration} and ${here.duration}`);
	assert.ok(there.duration > 17_000 && there.duration < spoken + 1000, `${there.duration} of ${spoken}`);
	assert.ok(Math.abs(there.at - there.duration / 2) < 300);
}

/** Two software encoders and two decoders at once take their time on a busy machine. */
const live = (from, to) => Object.assign(() => liveVideo(from, to), { timeLimitMs: 300_000 });

export default {
	liveVideoFirefoxToChromium: live(firefox, chromium),
	liveVideoChromiumToFirefox: live(chromium, firefox),
	liveVideoFirefoxToFirefox: live(firefox, firefox),
	playedByFirefox,
	voiceRecordedByFirefox: () => recordedByFirefox("voice"),
	videoRecordedByFirefox: () => recordedByFirefox("video"),
};
