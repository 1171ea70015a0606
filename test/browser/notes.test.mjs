// The note itself: recorded, sent, heard at the other end; and every way in which it must not be lost.
import assert from "node:assert/strict";
import { sleep, until } from "./lib/own.mjs";
import { Person, pair, signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";
import { heard } from "./lib/tone.mjs";

const quick = { ring_seconds: 2, ring_stop_seconds: 6, unreachable_seconds: 3, pair_rings: 50, unanswered_a_day: 50 };
const two = ["Ana", "Ben"];

async function unanswered(ana, kind = "voice") {
	await ana.call(kind === "voice" ? "Voice call" : "Video call");
	await ana.calling("Ben").getByRole("button", { name: `Record ${kind} note` }).waitFor({ timeout: 40_000 });
}

async function record(ana, kind = "voice") {
	await ana.calling("Ben").getByRole("button", { name: `Record ${kind} note` }).click();
	await ana.page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).waitFor();
}

const recording = (person) => person.page.getByRole("group", { name: "Recording" });
const near = (hz, wanted) => hz !== null && Math.abs(hz - wanted) <= 15;

/** The bytes as stored: their length in the element, and a seek into the middle. */
function probeNote(page, blob, video = false) {
	return page.evaluate(async ([url, isVideo]) => {
		const element = document.createElement(isVideo ? "video" : "audio");
		element.preload = "auto";
		element.src = url;
		await new Promise((resolve, reject) => {
			element.onloadeddata = resolve;
			element.onerror = () => reject(new Error(`does not load: ${element.error?.message}`));
		});
		const { duration } = element;
		element.currentTime = duration / 2;
		await new Promise((resolve, reject) => {
			element.onseeked = resolve;
			setTimeout(() => reject(new Error("does not seek")), 8000);
		});
		return { duration: duration * 1000, at: element.currentTime * 1000, width: element.videoWidth ?? 0 };
	}, [blob, video]);
}

function lastNote(page) {
	return page.evaluate(async () => {
		const { token } = await (await fetch("/api/session")).json();
		const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
		await new Promise((resolve) => (socket.onopen = resolve));
		const ask = (frame) => new Promise((resolve) => {
			socket.addEventListener("message", function hear(event) {
				const answer = JSON.parse(event.data);
				if (answer.id !== frame.id) return;
				socket.removeEventListener("message", hear);
				resolve(answer.ok);
			});
			socket.send(JSON.stringify(frame));
		});
		const hello = await ask({ id: 1, do: "hello", token });
		const page = await ask({ id: 2, do: "log.get", conv: hello.convs[0].conv, after: 0, limit: 200 });
		socket.close();
		return page.entries.filter((entry) => entry.kind === "note").at(-1);
	});
}

async function voiceNote() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana);
	const before = Date.now();
	await record(ana);
	await ana.page.getByText("They can listen while you record").waitFor();
	await sleep(3000);
	await recording(ana).getByRole("button", { name: "Send" }).click();
	const spoken = Date.now() - before;
	const entry = ben.entry("Missed voice call");
	await until("one entry, the note joined to its call", async () => /Voice note, 0:0[2-5], not played/.test((await entry.getAttribute("aria-label")) ?? (await entry.evaluate((node) => node.ariaLabel ?? document.getElementById(node.getAttribute("aria-labelledby") ?? "")?.textContent ?? ""))));
	assert.equal(await ben.messages().getByRole("article", { name: /call|note/i }).count(), 1);
	await entry.getByRole("button", { name: "Play" }).click();
	await until("Ana's tone comes out of Ben's player", async () => near(await heard(ben.page), 660));
	await until("the note is played to its end", async () => (await ben.page.evaluate(() => window.testPlayers.at(-1).ended || window.testPlayers.at(-1).paused)));
	await until("it no longer reads as not played", async () => !/not played/.test(await entry.evaluate((node) => node.ariaLabel ?? document.getElementById(node.getAttribute("aria-labelledby") ?? "")?.textContent ?? "not played")));
	await until("Ana sees that it was listened to", async () => /Listened/.test(await ana.messages().innerText()));
	const note = await lastNote(ben.page);
	const probe = await probeNote(ben.page, `/media/${note.body.blob}`);
	assert.ok(Math.abs(probe.duration - note.body.duration_ms) <= 100, `element ${probe.duration}, entry ${note.body.duration_ms}`);
	assert.ok(note.body.duration_ms > 2500 && note.body.duration_ms <= spoken + 100, `${note.body.duration_ms} of ${spoken}`);
	assert.ok(Math.abs(probe.at - probe.duration / 2) < 200);
	assert.equal(note.body.peaks.length, 64);
}

async function videoNote() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana, "video");
	await ana.calling("Ben").getByRole("button", { name: "Record video note" }).click();
	const skip = ana.page.getByRole("button", { name: /Skip|Start now/ });
	await skip.click({ timeout: 5000 }).catch(() => {});
	await recording(ana).getByRole("button", { name: "Send" }).waitFor();
	await sleep(3000);
	await recording(ana).getByRole("button", { name: "Send" }).click();
	const entry = ben.entry("Missed video call");
	await entry.getByRole("button", { name: "Play" }).waitFor();
	await entry.getByRole("button", { name: "Play" }).click();
	await until("Ana's tone comes out of Ben's player", async () => near(await heard(ben.page), 660));
	const note = await lastNote(ben.page);
	const probe = await probeNote(ben.page, `/media/${note.body.blob}`, true);
	assert.ok(Math.abs(probe.duration - note.body.duration_ms) <= 150, `element ${probe.duration}, entry ${note.body.duration_ms}`);
	assert.ok(probe.width > 0);
}

async function tabKilled() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana);
	await record(ana);
	await sleep(3500);
	await ana.crash();
	const again = await new Person(server, "Ana").open({ tone: 660, dir: ana.dir, cookies: ana.cookies });
	await again.page.goto(server.url);
	await again.page.getByText(/\d+ s saved/).first().waitFor({ timeout: 40_000 });
	assert.equal(await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).count(), 0, "never sent without Send");
	await again.page.getByRole("button", { name: "Send", exact: true }).first().click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).click({ timeout: 40_000 });
	await until("Ana's tone comes out of Ben's player", async () => near(await heard(ben.page), 660));
}

async function draftOnAnotherDevice() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana);
	await record(ana);
	await sleep(2500);
	await ana.crash();
	const other = await signedIn(server, "Ana", { tone: 660 });
	await other.page.getByText(/\d+ s saved/).first().waitFor({ timeout: 40_000 });
	await other.page.getByRole("button", { name: "Continue" }).first().click();
	await recording(other).getByRole("button", { name: "Send" }).waitFor();
	await sleep(2500);
	await recording(other).getByRole("button", { name: "Send" }).click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor({ timeout: 40_000 });
	const note = await lastNote(ben.page);
	assert.ok(note.body.duration_ms > 4000, `both parts are in it: ${note.body.duration_ms}`);
	await probeNote(ben.page, `/media/${note.body.blob}`);
}

async function networkCut() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana);
	await record(ana);
	await sleep(1500);
	await ana.context.setOffline(true);
	await server.kill();
	await sleep(2000);
	await server.start();
	await sleep(500);
	await ana.context.setOffline(false);
	await sleep(1500);
	await recording(ana).getByRole("button", { name: "Send" }).click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor({ timeout: 60_000 });
	const note = await lastNote(ben.page);
	assert.ok(note.body.duration_ms > 4500, `nothing is missing in the middle: ${note.body.duration_ms}`);
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).click();
	await until("Ana's tone comes out of Ben's player", async () => near(await heard(ben.page), 660));
}

async function listenLive() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana);
	await record(ana);
	await ben.page.getByRole("status").getByText("Ana is leaving a voice note").waitFor();
	await ben.button("Listen").click();
	await until("Ben hears Ana while she speaks", async () => near(await heard(ben.page, 400), 660));
	await recording(ana).getByRole("button", { name: "Discard" }).click();
	await until("Ben is told that it was not sent", async () => /not sent/i.test(await ben.page.locator("body").innerText()));
	assert.equal(await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).count(), 0);
}

async function listenLiveVideo() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana, "video");
	await ana.calling("Ben").getByRole("button", { name: "Record video note" }).click();
	await ana.page.getByRole("button", { name: /Skip|Start now/ }).click({ timeout: 5000 }).catch(() => {});
	await ben.page.getByRole("status").getByText("Ana is leaving a video note").waitFor();
	await ben.button("Listen").click();
	await until("Ben sees pictures", () => ben.page.evaluate(() => window.testPlayers.some((player) => player.videoWidth > 0 && player.currentTime > 0.2)));
	await until("Ben hears Ana", async () => near(await heard(ben.page, 400), 660));
	await recording(ana).getByRole("button", { name: "Send" }).click();
	await ben.entry("Missed video call").getByRole("button", { name: "Play" }).waitFor();
}

async function answerWhileLeft() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await unanswered(ana);
	await record(ana);
	await sleep(1500);
	await ben.page.getByRole("status").getByText("Ana is leaving a voice note").waitFor();
	await ben.page.getByRole("button", { name: "Answer", exact: true }).click();
	await ana.page.getByRole("region", { name: "Call" }).waitFor();
	await ben.page.getByRole("region", { name: "Call" }).waitFor();
	await ana.button("Leave").click();
	await ben.messages().getByRole("article", { name: /^Voice call/ }).waitFor();
	assert.equal(await ben.entry("Missed").count(), 0, "a call that was picked up is not missed");
	await ana.page.getByText(/\d+ s saved/).first().waitFor();
}

async function leaveNow() {
	const server = await startServer({ people: two, set: { ...quick, ring_seconds: 40, ring_stop_seconds: 50 } });
	const { ana, ben } = await pair(server);
	await ana.call();
	await ana.status("Ben", "Ringing");
	await ana.button("Leave a note now").click();
	await recording(ana).getByRole("button", { name: "Send" }).waitFor();
	await ben.incoming("Ana").waitFor({ state: "hidden" });
	await sleep(2000);
	await recording(ana).getByRole("button", { name: "Pause" }).click();
	await recording(ana).getByRole("button", { name: "Listen" }).click();
	await recording(ana).getByRole("button", { name: "Resume" }).click();
	await sleep(1000);
	await recording(ana).getByRole("button", { name: "Send" }).click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor();
}

async function fromTheThread() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await ana.page.getByRole("button", { name: "Record voice note" }).click();
	await recording(ana).getByRole("button", { name: "Send" }).waitFor();
	await sleep(2000);
	await recording(ana).getByRole("button", { name: "Send" }).click();
	const entry = ben.messages().getByRole("article", { name: /^Voice note/ });
	await entry.getByRole("button", { name: "Play" }).click();
	await until("Ana's tone comes out of Ben's player", async () => near(await heard(ben.page), 660));
	await entry.getByRole("button", { name: "Speed" }).click();
	await until("it plays faster", () => ben.page.evaluate(() => window.testPlayers.at(-1).playbackRate > 1));
	const slider = entry.getByRole("slider", { name: "Position" });
	await slider.focus();
	await ben.page.keyboard.press("Home");
	assert.match(await slider.getAttribute("aria-valuetext"), /0:0\d of 0:0\d/);

	const own = ana.messages().getByRole("article", { name: /^Voice note/ });
	await own.hover();
	await own.getByRole("button", { name: /More|Delete/ }).first().click();
	const remove = ana.page.getByRole("menuitem", { name: /Delete/ }).or(ana.page.getByRole("dialog").getByRole("button", { name: /Delete/ }));
	await remove.first().click();
	const sure = ana.page.getByRole("dialog").getByRole("button", { name: /Delete/ });
	if ((await sure.count()) > 0) await sure.click();
	const note = await lastNote(ben.page).catch(() => null);
	await until("the bytes are gone", async () => (note?.body.blob ? (await ben.page.request.get(`${server.url}/media/${note.body.blob}`)).status() === 404 : true));
	await until("Ben's entry says so", async () => /deleted|removed/i.test(await ben.messages().innerText()));
}

async function microphoneDenied() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server, { ana: { deny: true } });
	await unanswered(ana);
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).click();
	await until("it says why and offers a way out", async () => /microphone/i.test(await ana.calling("Ben").innerText()));
	assert.equal(await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).count(), 0);
}

export default { voiceNote, videoNote, tabKilled, draftOnAnotherDevice, networkCut, listenLive, listenLiveVideo, answerWhileLeft, leaveNow, fromTheThread, microphoneDenied };
