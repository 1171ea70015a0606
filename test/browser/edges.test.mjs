// Edge cases of the flow where the screen matters; their numbers are those of docs/edge-cases.md.
import assert from "node:assert/strict";
import { sleep, until } from "./lib/own.mjs";
import { pair, signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";
import { toneFile } from "./lib/tone.mjs";

const quick = { ring_seconds: 2, ring_stop_seconds: 6, unreachable_seconds: 3, pair_rings: 50, unanswered_a_day: 50 };
const two = ["Ana", "Ben"];

const recording = (person) => person.page.getByRole("group", { name: "Recording" });
const action = (person, name) => recording(person).getByRole("button", { name, exact: true });
const notesOf = (person) => person.messages().getByRole("button", { name: "Play" });

async function record(ana) {
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).click({ timeout: 40_000 });
	await action(ana, "Send").waitFor();
}

/** Taps Record, and Send as soon as it is there: quicker than the driver would be. */
function tapTwice(ana) {
	return ana.page.evaluate(async () => {
		const find = (label) => [...document.querySelectorAll("[role=dialog] button")].find((one) => (one.getAttribute("aria-label") ?? one.textContent.trim()) === label && !one.disabled);
		find("Record voice note").click();
		for (let frames = 0; frames < 600 && !find("Send"); frames += 1) await new Promise(requestAnimationFrame);
		find("Send").click();
	});
}

/** 23, 25, 24: too short is not sent; calling again keeps what was said and brings it back; two taps on Send are one note. */
async function shortAgainTwice() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await ana.call();
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).waitFor({ timeout: 40_000 });
	await tapTwice(ana);
	await ana.page.getByText("shorter than a second").waitFor();
	await ana.button("Undo").click();
	await action(ana, "Resume").waitFor();
	assert.equal(await notesOf(ben).count(), 0);
	await action(ana, "Resume").click();
	await sleep(1500);
	await action(ana, "Call again").click();
	await ana.status("Ben", "Ringing");
	await ben.incoming("Ana").waitFor();
	await action(ana, "Resume").waitFor({ timeout: 40_000 });
	assert.match(await recording(ana).getByRole("timer").innerText(), /0:0[1-9]/, "what was said before is there");
	await action(ana, "Send").dblclick();
	await notesOf(ben).first().waitFor();
	await sleep(500);
	assert.equal(await notesOf(ben).count(), 1);
	assert.equal(await ana.page.getByRole("list", { name: "Drafts" }).count(), 0, "and no draft is left");
}

/** 22: a warning, a stop at the limit, and a second note that goes on. */
async function limit() {
	const server = await startServer({ people: two, set: { ...quick, voice_max_seconds: 4, warn_seconds: 3 } });
	const { ana, ben } = await pair(server);
	await ana.call();
	await record(ana);
	await recording(ana).getByText(/[1-3] s left/).waitFor();
	await ana.calling("Ben").getByText("as long as a note can be").waitFor();
	await action(ana, "Send and go on").click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor();
	await sleep(1200);
	await action(ana, "Send").click();
	await ben.messages().getByRole("article", { name: /^Voice note/ }).getByRole("button", { name: "Play" }).waitFor();
}

/** 3, 13, 4: who comes online sees the note being left and no ring; afterwards one entry. Calling back while it is left is the same call. */
async function comesOnlineThenCallsBack() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server);
	await ben.close();
	await ana.call();
	await ana.status("Ben", "Could not reach");
	await record(ana);
	const late = await signedIn(server, "Ben", { tone: 880 });
	await late.chatWith("Ana");
	await late.page.getByRole("status").getByText("Ana is leaving a voice note").waitFor();
	assert.ok((await late.button("Listen").count()) > 0 && (await late.page.getByRole("button", { name: "Answer", exact: true }).count()) > 0);
	assert.equal(await late.incoming("Ana").count(), 0);
	await action(ana, "Send").click();
	await late.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor();
	assert.equal(await late.messages().getByRole("article", { name: /call|note/i }).count(), 1);

	await ana.call();
	await record(ana);
	await sleep(1200);
	await late.call();
	await late.page.getByRole("region", { name: "Call" }).waitFor();
	await ana.page.getByRole("region", { name: "Call" }).waitFor();
	await ana.page.getByText(/\d+ s saved/).first().waitFor();
	await ana.button("Leave").click();
	await late.messages().getByRole("article", { name: /^Voice call/ }).waitFor();
	assert.equal(await late.messages().getByRole("article", { name: /call|note/i }).count(), 2, "the second call is one entry");
}

/** 48: calls in a row are one entry; then the server asks for patience, and the note is still to be had. */
async function storm() {
	const server = await startServer({ people: two, set: { ...quick, ring_seconds: 30, ring_stop_seconds: 40, pair_rings: 4 } });
	const { ana, ben } = await pair(server);
	for (let n = 0; n < 4; n += 1) {
		await ana.call();
		await ana.status("Ben", "Ringing");
		await sleep(1100);
		await ana.calling("Ben").getByRole("button", { name: "Cancel" }).click();
		await ana.calling("Ben").getByText("cancelled").waitFor();
		await ana.calling("Ben").getByRole("button", { name: "Cancel" }).click();
		await ana.calling("Ben").waitFor({ state: "hidden" });
	}
	await until("one entry for all four", async () => /4 missed voice calls/.test(await ben.messages().innerText()) && (await ben.entry("Missed voice call").count()) === 1);
	await ana.call();
	await ana.status("Ben", "a few times just now");
	await record(ana);
	await sleep(1300);
	await action(ana, "Send").click();
	await ben.messages().getByRole("article", { name: /^Voice note/ }).getByRole("button", { name: "Play" }).waitFor();
	assert.equal(await ben.incoming("Ana").count(), 0);
}

/** As when another tab comes to the front. */
function hide(person, on) {
	return person.page.evaluate((state) => {
		Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
		document.dispatchEvent(new Event("visibilitychange"));
	}, on ? "hidden" : "visible");
}

/** 18, 21, 17: a microphone that was not allowed, then is; it is muted, which is said, and may be sent all the same. A hidden page pauses and says what is saved. */
async function deniedThenSilent() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server, { ana: { deny: true, tone: undefined, args: [`--use-file-for-fake-audio-capture=${toneFile(0)}`] } });
	await ana.call();
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).click({ timeout: 40_000 });
	await recording(ana).getByRole("alert").waitFor();
	await recording(ana).getByRole("button", { name: "Write instead" }).waitFor();
	await ana.context.grantPermissions(["microphone"]);
	await action(ana, "Try again").click();
	await action(ana, "Send").waitFor();
	await recording(ana).getByText("No sound is coming in").waitFor();
	await hide(ana, true);
	await ana.calling("Ben").getByText(/Paused while you were away. 0:0\d are saved/).waitFor();
	await hide(ana, false);
	await action(ana, "Resume").waitFor();
	await action(ana, "Send").click();
	await ben.entry("Missed voice call").getByRole("button", { name: "Play" }).waitFor();
}

/** Who is at the end of a thread stays there when a card grows by a note and the strip above goes. */
async function staysAtTheEnd() {
	const server = await startServer({ people: two, set: quick });
	const { ana, ben } = await pair(server, { ben: { viewport: { width: 390, height: 620 } } });
	for (let n = 1; n <= 12; n += 1) await ana.say(`Line ${n}`);
	await ben.messages().getByText("Line 12").waitFor();
	const newestIsInView = () => ben.page.evaluate(() => {
		const box = document.querySelector(".messages").getBoundingClientRect();
		const card = [...document.querySelectorAll("article")].at(-1).getBoundingClientRect();
		return card.bottom <= box.bottom + 1 && card.bottom > box.top;
	});
	await ana.call();
	await record(ana);
	await ben.button("Listen").click();
	await sleep(1500);
	await action(ana, "Send").click();
	await until("the note is there", async () => (await notesOf(ben).count()) === 1);
	await until("the newest is in view", newestIsInView, 10_000);
	await ben.page.evaluate(() => {
		// Told of a scroll that is over, when this has grown already.
		[...document.querySelectorAll("article")].at(-1).style.paddingBlockEnd = "120px";
		document.querySelector(".messages").dispatchEvent(new Event("scroll"));
	});
	await until("what grew is in view", newestIsInView, 10_000);
	await ben.messages().getByText("Line 1", { exact: true }).scrollIntoViewIfNeeded();
	await ana.say("One more");
	await until("it is there", async () => (await ben.messages().getByText("One more").count()) === 1);
	assert.ok(await ben.page.evaluate(() => {
		const box = document.querySelector(".messages");
		return box.scrollHeight - box.scrollTop - box.clientHeight > 48;
	}), "who reads further up is left there");
}

export default { staysAtTheEnd, shortAgainTwice, limit, comesOnlineThenCallsBack, storm, deniedThenSilent };
