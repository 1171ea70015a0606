// In a room: a note that the others do not hear, a lock, muting, another device, more people than there are places, right to left.
import assert from "node:assert/strict";
import { assertAccessible } from "./lib/access.mjs";
import { chromium, looks, opened, set, three, tones } from "./lib/garden.mjs";
import { sleep, until } from "./lib/own.mjs";
import { device, group, hearsAll, seesColour, speak, stageIs, voices } from "./lib/room.mjs";
import { startServer } from "./lib/server.mjs";
import { callRegion, participants } from "./lib/talk.mjs";

const garden = async (people) => {
	const server = await startServer({ people, set });
	return { server, made: await group(server, "Garden", people) };
};

/** Ana and Ben in a voice chat, both hearing one another. */
async function chatting() {
	const { server, made } = await garden(["Ana", "Ben"]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await opened(await chromium(server, "Ben"));
	await ana.button("Start voice chat").click();
	await callRegion(ana).waitFor();
	await ben.button("Join voice chat").click();
	await hearsAll(ben, tones("Ana"));
	await hearsAll(ana, tones("Ben"));
	return { server, made, ana, ben };
}

const hears = async (person, name) => (await voices(person.page)).some((hz) => Math.abs(hz - looks[name].hz) < 15);

async function aNoteMeanwhile() {
	const { ana, ben } = await chatting();
	await ana.button("Record voice note").click();
	await callRegion(ana).getByText("You are muted while you record").waitFor();
	assert.equal(await callRegion(ana).getByRole("button", { name: "Unmute" }).isDisabled(), true);
	await until("Ben does not hear Ana", async () => !(await hears(ben, "Ana")));
	await ben.page.getByRole("region", { name: "Call", exact: true }).getByRole("button", { name: "Back to the call" }).click();
	await participants(ben).getByRole("group", { name: "Ana, muted" }).waitFor();
	await ben.button("Minimise").click();
	await sleep(2000);
	await ana.page.getByRole("group", { name: "Recording" }).getByRole("button", { name: "Send" }).click();
	await callRegion(ana).getByRole("button", { name: "Mute", exact: true }).waitFor();
	await hearsAll(ben, tones("Ana"));
	/* And the note has the voice in it. */
	const note = ben.messages().getByRole("article", { name: /^Voice note/ });
	await callRegion(ana).getByRole("button", { name: "Mute", exact: true }).click();
	await until("Ana is silent again", async () => !(await hears(ben, "Ana")));
	await note.getByRole("button", { name: "Play" }).click();
	await until("the note plays", () => ben.page.evaluate(() => window.testPlayers.some((player) => player.currentTime > 0.5 && !player.srcObject)));
}
aNoteMeanwhile.timeLimitMs = 240_000;

async function lockedAndMuted() {
	const { ana, ben, carla } = await three("voice");
	await hearsAll(ana, tones("Ben", "Carla"));
	await ana.button("People").click();
	const panel = ana.page.getByRole("dialog", { name: "People" });
	await panel.getByRole("switch", { name: /Lock the call/ }).click();
	await participants(ben).waitFor();
	await ben.page.getByRole("img", { name: "Locked" }).waitFor();
	await callRegion(carla).getByRole("button", { name: "Leave" }).click();
	await carla.page.getByRole("region", { name: "Group voice call" }).getByRole("button", { name: "Join" }).click();
	await carla.page.getByText(/is locked/).first().waitFor();
	assert.equal(await callRegion(carla).count(), 0);
	await panel.getByRole("switch", { name: /Lock the call/ }).click();
	await carla.page.getByRole("region", { name: "Group voice call" }).getByRole("button", { name: "Join" }).click();
	await hearsAll(ana, tones("Ben", "Carla"));

	/* A moderator mutes; only the person unmutes. */
	await panel.getByRole("button", { name: "Ben: actions" }).click();
	await ana.page.getByRole("menuitem", { name: "Mute", exact: true }).click();
	await ben.page.getByText("Ana muted you. Only you can unmute.").waitFor();
	await until("Ben is not heard", async () => !(await hears(ana, "Ben")));
	await panel.getByRole("listitem").filter({ hasText: "Ben" }).getByText("Muted").waitFor();
	await panel.getByRole("button", { name: "Ben: actions" }).click();
	assert.deepEqual(await ana.page.getByRole("menuitem").allInnerTexts(), ["Remove"]);
	await ana.page.keyboard.press("Escape");
	/* Who is no moderator has no actions at all. */
	await ben.button("People").click();
	assert.equal(await ben.page.getByRole("dialog", { name: "People" }).getByRole("button", { name: /: actions$/ }).count(), 0);
	await ben.page.keyboard.press("Escape");
	await callRegion(ben).getByRole("button", { name: "Unmute" }).click();
	await hearsAll(ana, tones("Ben", "Carla"));
}
lockedAndMuted.timeLimitMs = 240_000;

/** The same person at two browsers: the call goes where they say. */
async function movedToAnotherDevice() {
	const { ana, ben, server } = await chatting();
	const other = await opened(await chromium(server, "Ana"));
	await ana.button("Mute").click();
	await until("Ben does not hear Ana", async () => !(await hears(ben, "Ana")));
	const strip = other.page.getByRole("region", { name: "Voice chat" });
	await strip.getByText("You are in it at another device").waitFor();
	await other.button("Move call here").click();
	await callRegion(other).waitFor();
	await callRegion(ana).waitFor({ state: "hidden" });
	await ana.page.getByText(/another device|other device/).first().waitFor();
	await hearsAll(other, tones("Ben"));
	/* Muted there as it was here. */
	assert.equal(await hears(ben, "Ana"), false);
	await callRegion(other).getByRole("button", { name: "Unmute" }).click();
	await hearsAll(ben, tones("Ana"));
	await until("Ana's first device holds no connection", () => ana.page.evaluate(() => window.testPeers.every((peer) => peer.connectionState === "closed")));
}
movedToAnotherDevice.timeLimitMs = 240_000;

/* Where an element stands, in pixels of the page. */
const box = (locator) => locator.evaluate((node) => {
	const { x, y, width, height } = node.getBoundingClientRect();
	return { x, y, width, height };
});

/** Samples of how a reaction moves: where it stands, and how opaque it is. */
function watchRising(person) {
	return person.page.evaluate(async () => {
		const seen = [];
		for (let i = 0; i < 400; i += 1) {
			const one = document.querySelector("[aria-label=Participants] .rise");
			if (one) seen.push({ y: one.getBoundingClientRect().y, opacity: Number(getComputedStyle(one).opacity) });
			else if (seen.length > 0) break;
			await new Promise((resolve) => setTimeout(resolve, 25));
		}
		return seen;
	});
}

async function reactionsStandStill() {
	const { ana, ben } = await chatting();
	await callRegion(ana).getByRole("button", { name: "Back to the call" }).click();
	await participants(ana).waitFor();
	for (const still of [false, true]) {
		await ana.page.emulateMedia({ reducedMotion: still ? "reduce" : "no-preference" });
		const watched = watchRising(ana);
		await ben.button("React").click();
		await ben.page.getByRole("dialog", { name: "React" }).getByRole("button", { name: "👏" }).click();
		const seen = await watched;
		const ys = seen.map((one) => one.y);
		const travel = Math.max(...ys) - Math.min(...ys);
		assert.ok(seen.some((one) => one.opacity > 0.9), "it is seen");
		if (still) assert.ok(travel < 2, `it stands still: ${travel}`);
		else assert.ok(travel > 20, `it rises: ${travel}`);
		await ben.page.keyboard.press("Escape");
	}
}
reactionsStandStill.timeLimitMs = 240_000;

/** Everything of the call's screen mirrored, nothing beside the window. */
async function rightToLeft() {
	const { ana, ben, carla } = await three();
	await hearsAll(ana, tones("Ben", "Carla"));
	for (const viewport of [{ width: 900, height: 640 }, { width: 390, height: 844 }]) {
		await ana.page.setViewportSize(viewport);
		for (const dir of ["ltr", "rtl"]) {
			await ana.page.evaluate((now) => (document.documentElement.dir = now), dir);
			await ana.page.mouse.move(viewport.width / 2, viewport.height / 2 + (dir === "rtl" ? 9 : 0));
			await sleep(600);
			const bar = callRegion(ana);
			const mute = await box(bar.getByRole("button", { name: /^(Mute|Unmute)$/ }));
			const leave = await box(bar.getByRole("button", { name: "Leave" }));
			assert.equal(mute.x < leave.x, dir === "ltr", `${dir}: Mute leads, Leave comes last`);
			const back = await box(bar.getByRole("button", { name: "Minimise" }));
			const people = await box(bar.getByRole("button", { name: "People" }));
			assert.equal(back.x < people.x, dir === "ltr", `${dir}: the way back stands first`);
			const all = await participants(ana).getByRole("group").all();
			assert.ok(all.length >= 3);
			for (const tile of all) {
				const { x, y, width, height } = await box(tile);
				assert.ok(x >= -1 && y >= -1 && x + width <= viewport.width + 1 && y + height <= viewport.height + 1, `${dir}: a tile stands at ${[x, y, width, height]}`);
			}
			const over = await ana.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
			assert.ok(over <= 0, `${dir}: ${over} px wider than the window`);
			await ana.shot(`room-${dir}-${viewport.width}`);
		}
	}
	assert.ok(ben && carla);
}
rightToLeft.timeLimitMs = 240_000;

/** The speaker in a window of its own: it follows who speaks, stays while the chats are read, and ends with the call. */
async function pictureInPicture() {
	const { ana, ben, carla } = await three();
	await hearsAll(ana, tones("Ben", "Carla"));
	for (const one of [ana, carla]) await speak(one, false);
	await stageIs(ana, "Ben");
	await seesColour(ana, "Ben", looks.Ben.rgb);
	await ana.button("More").click();
	await ana.page.getByRole("menuitem", { name: "Picture in picture" }).click();
	const floats = (name) => seesColour(ana, undefined, looks[name].rgb);
	await floats("Ben");
	await ana.button("Minimise").click();
	await callRegion(ana).getByRole("button", { name: "Back to the call" }).waitFor();
	await floats("Ben");
	await speak(ben, false);
	await speak(carla, true);
	await floats("Carla");
	await assertAccessible(ana, "the bar of a room");
	/* Another tab is in front: what the page has does not count, what the window shows does. */
	await ana.page.evaluate(() => {
		Object.defineProperties(document, { hidden: { value: true }, visibilityState: { value: "hidden" } });
		document.dispatchEvent(new Event("visibilitychange"));
	});
	await speak(carla, false);
	await speak(ben, true);
	await floats("Ben");
	await ana.shot("room-bar-900");
	await callRegion(ana).getByRole("button", { name: "Leave" }).click();
	await until("the window is closed", () => ana.page.evaluate(() => document.pictureInPictureElement === null));
	assert.equal(await ana.page.locator(".room-floating").count(), 0);
}
pictureInPicture.timeLimitMs = 240_000;

const silent = {
	fingerprint: Array.from({ length: 32 }, () => "AB").join(":"),
	audio: { pt: 111, red: null, ext: { mid: 4, level: 1 } },
	send: { mic: { mid: "0" } },
	recv: [{ mid: "1", kind: "audio" }],
};

/** More people than there are places: nine tiles, the rest counted, everybody in the list. Two browsers; the others are in it without a picture. */
async function moreThanNine() {
	const crowd = Array.from({ length: 12 }, (_, i) => `Person${String.fromCharCode(65 + i)}`);
	const { server } = await garden(["Ana", "Ben", ...crowd]);
	const ana = await opened(await chromium(server, "Ana"));
	const ben = await opened(await chromium(server, "Ben"));
	await ana.button("Start voice chat").click();
	await callRegion(ana).waitFor();
	await ben.button("Join voice chat").click();
	await hearsAll(ana, tones("Ben"));
	const devices = await Promise.all(crowd.map((name) => device(server, name)));
	const room = devices[0].hello.rooms[0].room;
	/* They send nothing, so that the server would have them away soon; they come anew until the test is over. */
	let over = false;
	const stay = async (one) => {
		while (!over) {
			await one.ask("room.join", { room, muted: true, camera: false, params: silent }).catch(() => {});
			await sleep(8000);
		}
	};
	const staying = devices.map(stay);
	await callRegion(ana).getByRole("button", { name: "Back to the call" }).click();
	const more = participants(ana).getByRole("button", { name: "4 more people" });
	await more.waitFor({ timeout: 60_000 });
	const tiles = participants(ana).getByRole("group");
	assert.equal(await tiles.count(), 10, "nine of the others, and mine");
	for (const [layout, viewport] of [["Speaker", { width: 1280, height: 800 }], ["Grid", { width: 1280, height: 800 }], ["Grid", { width: 390, height: 844 }], ["Speaker", { width: 390, height: 844 }]]) {
		await ana.page.setViewportSize(viewport);
		if ((await ana.button(layout).count()) > 0) await ana.button(layout).click();
		await sleep(700);
		/* My own floats over the others' where one is large. */
		const shown = layout === "Grid" ? tiles : participants(ana).getByRole("group", { name: /^Person|^Ben/ });
		const boxes = await Promise.all([...(await shown.all()), more].map(box));
		for (const [i, a] of boxes.entries()) {
			assert.ok(a.width >= 40 && a.height >= 40, `large enough: ${JSON.stringify(a)}`);
			assert.ok(a.x >= -1 && a.x + a.width <= viewport.width + 1 && a.y + a.height <= viewport.height + 1, `inside: ${JSON.stringify(a)}`);
			for (const b of boxes.slice(i + 1)) {
				const apart = a.x + a.width <= b.x + 1 || b.x + b.width <= a.x + 1 || a.y + a.height <= b.y + 1 || b.y + b.height <= a.y + 1;
				assert.ok(apart, `${JSON.stringify(a)} and ${JSON.stringify(b)} overlap`);
			}
		}
		await ana.shot(`room-crowd-${layout.toLowerCase()}-${viewport.width}`);
	}
	await assertAccessible(ana, "a room of many");
	await more.click();
	const panel = ana.page.getByRole("dialog", { name: "People" });
	await until("everybody is in the list", async () => (await panel.getByRole("region", { name: "In the call" }).getByRole("listitem").count()) === 14);
	await assertAccessible(ana, "the people of a room");
	await ana.page.keyboard.press("Escape");
	await hearsAll(ana, tones("Ben"));
	over = true;
	await Promise.all(staying);
}
moreThanNine.timeLimitMs = 300_000;

export default {
	"a note meanwhile": aNoteMeanwhile,
	"locked, and muted by a moderator": lockedAndMuted,
	"moved to another device": movedToAnotherDevice,
	"reactions stand still": reactionsStandStill,
	"right to left": rightToLeft,
	"picture in picture": pictureInPicture,
	"more than nine": moreThanNine,
};
