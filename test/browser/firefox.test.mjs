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

function probe(page, blob, tag) {
	return page.evaluate(async (url, name) => {
		const element = document.createElement(name);
		element.preload = "auto";
		element.src = url;
		await new Promise((resolve, reject) => {
			element.onloadeddata = resolve;
			element.onerror = () => reject(new Error("does not load"));
		});
		element.currentTime = element.duration / 2;
		await new Promise((resolve, reject) => {
			element.onseeked = resolve;
			setTimeout(() => reject(new Error("does not seek")), 8000);
		});
		return { duration: element.duration * 1000, at: element.currentTime * 1000 };
	}, blob, tag);
}

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
	const there = await ana.page.evaluate(async ([source, name]) => {
		const element = document.createElement(name);
		element.src = source;
		await new Promise((resolve, reject) => ((element.onloadeddata = resolve), (element.onerror = reject)));
		element.currentTime = element.duration / 2;
		await new Promise((resolve, reject) => ((element.onseeked = resolve), setTimeout(reject, 8000)));
		return element.duration * 1000;
	}, [url, tag]);
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

export default {
	playedByFirefox,
	voiceRecordedByFirefox: () => recordedByFirefox("voice"),
	videoRecordedByFirefox: () => recordedByFirefox("video"),
};
