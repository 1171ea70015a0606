// Groups: made, spoken in, listened to, changed, left; with the mouse and by keyboard alone.
import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import { assertAccessible, tabTo } from "./lib/access.mjs";
import { sleep, until } from "./lib/own.mjs";
import { signedIn } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";
import { heard } from "./lib/tone.mjs";

/* Wide enough for the panel to stand beside the thread. */
const wide = { viewport: { width: 1280, height: 800 } };
const three = ["Ana", "Ben", "Carla"];
const dialog = (person, name) => person.page.getByRole("dialog", { name, exact: true });
const chats = (person) => person.page.getByRole("navigation", { name: "Chats" });
const info = (person) => person.page.getByRole("complementary", { name: "Chat info" });
const line = (person, text) => person.messages().getByText(text, { exact: true });

/** A PNG of one colour, far larger than a group's picture may be. */
function png(side, [r, g, b]) {
	const crc = (bytes) => {
		let c = 0xffffffff;
		for (const byte of bytes) {
			c ^= byte;
			for (let i = 0; i < 8; i += 1) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1;
		}
		return (c ^ 0xffffffff) >>> 0;
	};
	const chunk = (type, data) => {
		const body = Buffer.concat([Buffer.from(type), data]);
		const out = Buffer.alloc(body.length + 8);
		out.writeUInt32BE(data.length, 0);
		body.copy(out, 4);
		out.writeUInt32BE(crc(body), body.length + 4);
		return out;
	};
	const head = Buffer.alloc(13);
	head.writeUInt32BE(side, 0);
	head.writeUInt32BE(side, 4);
	head.set([8, 2, 0, 0, 0], 8);
	const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(side * 3, Buffer.from([r, g, b]))]);
	const rows = Buffer.concat(Array.from({ length: side }, () => row));
	return Buffer.concat([Buffer.from([0x89, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

async function choose(within, names) {
	for (const name of names) {
		await within.getByRole("searchbox", { name: "Find people" }).fill(name);
		await within.getByRole("option", { name: new RegExp(name) }).click();
		await within.getByRole("button", { name: `Remove ${name}` }).waitFor();
	}
}

async function create(person, name, others) {
	await person.button("New chat").click();
	await dialog(person, "New chat").getByRole("button", { name: "New group" }).click();
	const making = dialog(person, "New group");
	await choose(making, others);
	await making.getByRole("button", { name: "Next" }).click();
	await making.getByRole("textbox", { name: "Group name" }).fill(name);
	await making.getByRole("button", { name: "Create group" }).click();
	await person.page.getByRole("main", { name }).waitFor();
}

async function openGroup(person, name) {
	await chats(person).getByRole("link", { name: new RegExp(name) }).click();
	await person.page.getByRole("main", { name }).waitFor();
}

/** Three people in a group that Ana has made, all looking at it. */
async function garden(options = {}) {
	const server = await startServer({ people: [...three, ...(options.more ?? [])], set: options.set ?? {} });
	const ana = await signedIn(server, "Ana", { tone: 660, ...options.look });
	const ben = await signedIn(server, "Ben", { tone: 880, ...options.look });
	const carla = await signedIn(server, "Carla", options.look);
	await create(ana, "Garden", ["Ben", "Carla"]);
	for (const person of [ben, carla]) await openGroup(person, "Garden");
	return { server, ana, ben, carla };
}

async function menu(person, name, item) {
	await info(person).getByRole("button", { name: `Options for ${name}` }).click();
	await person.page.getByRole("menuitem", { name: item }).click();
}

async function texts() {
	const { ana, ben, carla } = await garden();
	await line(ana, "You made the group “Garden”").waitFor();
	await line(ben, "Ana made the group “Garden”").waitFor();
	await ana.say("The beans are up");
	await ben.messages().getByRole("article", { name: /^Ana, / }).getByText("The beans are up").waitFor();
	await carla.messages().getByText("The beans are up").waitFor();
	const own = ana.messages().getByRole("article").filter({ hasText: "The beans are up" });
	await until("it reads as read once both have", async () => (await own.getByText("Read", { exact: true }).count()) > 0);
	await ben.page.getByRole("textbox", { name: "Message" }).pressSequentially("so", { delay: 100 });
	await ana.page.getByText("Ben is typing").first().waitFor();
	await carla.page.getByRole("textbox", { name: "Message" }).pressSequentially("go", { delay: 100 });
	await until("Ana sees both write", async () => {
		await ben.page.getByRole("textbox", { name: "Message" }).press("o");
		await carla.page.getByRole("textbox", { name: "Message" }).press("o");
		return /Ben and Carla are typing|Carla and Ben are typing/.test(await ana.page.getByRole("main").innerText());
	});
	await carla.say("Good");
	await carla.page.getByRole("link", { name: "Chats" }).first().click();
	await ben.say("I have a net");
	await until("Carla's list says who wrote", async () => /Ben: I have a net/.test(await chats(carla).innerText()));
	await chats(carla).getByText("1 unread").waitFor();
}

async function notes() {
	const { ana, ben, carla } = await garden();
	await ana.button("Record voice note").click();
	const recording = ana.page.getByRole("group", { name: "Recording" });
	await recording.getByRole("button", { name: "Send" }).waitFor();
	await sleep(2500);
	await recording.getByRole("button", { name: "Send" }).click();
	for (const person of [ben, carla]) {
		const note = person.messages().getByRole("article", { name: /^Voice note, 0:0\d, not played. Ana, / });
		await note.getByRole("button", { name: "Play" }).click();
		await until(`Ana's tone comes out of ${person.name}'s player`, async () => Math.abs((await heard(person.page)) - 660) < 15);
		await until("it no longer reads as not played", async () => (await person.messages().getByRole("article", { name: /, played/ }).count()) === 1);
	}
}

async function members() {
	const { ana, ben, carla, server } = await garden({ more: ["Dan"], look: wide });
	await ana.say("before Dan");
	await carla.messages().getByText("before Dan").waitFor();
	const dan = await signedIn(server, "Dan");
	await ana.button("Chat info").click();
	await info(ana).getByRole("heading", { name: "3 members" }).waitFor();
	await info(ana).getByRole("button", { name: "Add people" }).click();
	const adding = dialog(ana, "Add people");
	await choose(adding, ["Dan"]);
	assert.equal(await adding.getByRole("option", { name: /Ben/ }).count(), 0, "who is in it is not offered");
	await adding.getByRole("button", { name: "Add 1 person" }).click();
	await line(ben, "Ana added Dan").waitFor();
	await openGroup(dan, "Garden");
	await line(dan, "Ana added you").waitFor();
	assert.equal(await dan.messages().getByText("before Dan").count(), 0, "what was before is not his");
	assert.equal(await dan.button("Show earlier").count(), 0);

	/* Only what one may do is shown. */
	await ben.button("Chat info").click();
	await info(ben).getByRole("heading", { name: "4 members" }).waitFor();
	assert.equal(await info(ben).getByRole("button", { name: "Add people" }).count(), 0);
	await info(ben).getByRole("button", { name: "Options for Carla" }).click();
	assert.deepEqual(await ben.page.getByRole("menuitem").allInnerTexts(), ["Message Carla"]);
	await ben.page.keyboard.press("Escape");

	await menu(ana, "Dan", "Remove from group");
	await dialog(ana, "Remove Dan?").getByRole("button", { name: "Remove from group" }).click();
	await dan.page.getByText("You are no longer in this group").last().waitFor();
	await line(dan, "Ana removed you").waitFor();
	await ana.say("after Dan");
	await ben.messages().getByText("after Dan").waitFor();
	assert.equal(await dan.page.getByRole("textbox", { name: "Message" }).count(), 0);
	for (const name of ["Record voice note", "Voice call", "Video call"]) assert.equal(await dan.button(name).count(), 0, name);
	await dan.page.reload();
	await dan.page.getByText("You are no longer in this group").last().waitFor();
	await line(dan, "Ana removed you").waitFor();
	assert.equal(await dan.messages().getByText("after Dan").count(), 0);
	const refused = await dan.page.evaluate(async () => {
		const { token } = await (await fetch("/api/session")).json();
		const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
		await new Promise((resolve) => (socket.onopen = resolve));
		const ask = (frame) => new Promise((resolve) => {
			socket.addEventListener("message", function hear(event) {
				const answer = JSON.parse(event.data);
				if (answer.id !== frame.id) return;
				socket.removeEventListener("message", hear);
				resolve(answer);
			});
			socket.send(JSON.stringify(frame));
		});
		const hello = await ask({ id: 1, do: "hello", token });
		return (await ask({ id: 2, do: "msg.send", conv: hello.ok.convs[0].conv, cid: Date.now() * 2, text: "still here" })).err;
	});
	assert.equal(refused, "not_found");

	await ana.page.getByRole("complementary").getByRole("button", { name: "Leave group" }).click();
	const leaving = dialog(ana, "Leave Garden?");
	await leaving.getByText(/You are the only admin/).waitFor();
	await leaving.getByRole("button", { name: "Leave group" }).click();
	await line(ben, "Ana left").waitFor();
	/* Ben and Carla came at the same time: one of them is the heir, and both are told the same. */
	const heir = await until("somebody is an admin now", async () => {
		if ((await line(ben, "You are an admin now").count()) > 0) return [ben, carla, "Ben"];
		return (await line(carla, "You are an admin now").count()) > 0 && [carla, ben, "Carla"];
	});
	await line(heir[1], `${heir[2]} is an admin now`).waitFor();
	if (heir[0] === carla) await carla.button("Chat info").click();
	await info(heir[0]).getByRole("button", { name: "Add people" }).waitFor();
	await ana.page.getByText("You are no longer in this group").last().waitFor();
}

async function picture() {
	const { ana, ben } = await garden();
	await ana.button("Chat info").click();
	const chosen = ana.page.waitForEvent("filechooser");
	await info(ana).getByRole("button", { name: "Add a picture" }).click();
	await (await chosen).setFiles({ name: "bed.png", mimeType: "image/png", buffer: png(1200, [30, 120, 40]) });
	await line(ben, "Ana changed the picture").waitFor();
	const seen = await until("Ben sees it in his list", () => ben.page.evaluate(async () => {
		const img = document.querySelector("nav .avatar img");
		if (!img?.complete || img.naturalWidth === 0) return null;
		const bytes = await (await fetch(img.src)).arrayBuffer();
		const canvas = document.createElement("canvas");
		canvas.width = canvas.height = 1;
		const paint = canvas.getContext("2d");
		paint.drawImage(img, 0, 0, 1, 1);
		return { width: img.naturalWidth, height: img.naturalHeight, bytes: bytes.byteLength, colour: [...paint.getImageData(0, 0, 1, 1).data] };
	}));
	assert.deepEqual([seen.width, seen.height], [256, 256]);
	assert.ok(seen.bytes <= 65_536, `${seen.bytes}`);
	assert.ok(Math.abs(seen.colour[0] - 30) < 12 && Math.abs(seen.colour[1] - 120) < 12, seen.colour.join());

	await info(ana).getByRole("button", { name: "Change name" }).click();
	await info(ana).getByRole("textbox", { name: "Group name" }).fill("Yard");
	await ana.page.keyboard.press("Enter");
	await ben.page.getByRole("main", { name: "Yard" }).waitFor();
	await line(ben, "Ana named the group “Yard”").waitFor();
	await info(ana).getByRole("button", { name: "Remove picture" }).click();
	await until("it is gone", async () => (await ben.page.locator(".avatar img").count()) === 0);

	const wrong = ana.page.waitForEvent("filechooser");
	await info(ana).getByRole("button", { name: "Add a picture" }).click();
	await (await wrong).setFiles({ name: "no.png", mimeType: "image/png", buffer: Buffer.from("not a picture") });
	await ana.page.getByText(/The picture was not taken/).waitFor();
}

/** Asked for while the server is away: it is there once the server is, and only once. */
async function createdOffline() {
	const server = await startServer({ people: three });
	const ana = await signedIn(server, "Ana");
	await ana.button("New chat").click();
	await dialog(ana, "New chat").getByRole("button", { name: "New group" }).click();
	const making = dialog(ana, "New group");
	await choose(making, ["Ben", "Carla"]);
	await making.getByRole("button", { name: "Next" }).click();
	await making.getByRole("textbox", { name: "Group name" }).fill("Garden");
	await server.kill();
	await ana.page.getByText(/You are offline/).first().waitFor();
	await making.getByRole("button", { name: "Create group" }).click();
	await making.getByText(/made as soon as you are back/).waitFor();
	await ana.page.reload().catch(() => {});
	await server.start();
	await chats(ana).getByRole("link", { name: /Garden/ }).waitFor({ timeout: 60_000 });
	await ana.page.reload();
	await chats(ana).getByRole("link", { name: /Garden/ }).waitFor();
	assert.equal(await chats(ana).getByRole("link", { name: /Garden/ }).count(), 1);
}

/** No mouse anywhere: two people ticked, one dropped and ticked again, a name, and a first word. */
async function keyboardAlone() {
	const server = await startServer({ people: three });
	const ben = await signedIn(server, "Ben");
	const ana = await signedIn(server, "Ana");
	const { page } = ana;
	await tabTo(page, "button", "New chat");
	await page.keyboard.press("Enter");
	await tabTo(page, "button", "New group");
	await page.keyboard.press("Enter");
	const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.labels?.[0]?.textContent ?? "");
	await until("the search box has the focus", async () => (await focused()) === "Find people");
	const making = dialog(ana, "New group");
	for (const name of ["Ben", "Carla"]) {
		/* As fast as somebody types who knows the name: nothing is waited for. */
		await page.keyboard.type(name);
		await page.keyboard.press("ArrowDown");
		await page.keyboard.press("Enter");
		await until(`${name} is ticked`, async () => (await making.getByRole("option", { name, selected: true }).count()) === 1);
		for (const _ of name) await page.keyboard.press("Backspace");
	}
	await page.keyboard.press("Backspace");
	await until("Carla is dropped", async () => (await making.getByRole("button", { name: "Remove Carla" }).count()) === 0);
	await until("all are offered again", async () => (await making.getByRole("option").count()) === 2);
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("ArrowDown");
	await page.keyboard.press("Enter");
	await making.getByRole("button", { name: "Remove Carla" }).waitFor();
	await tabTo(page, "button", "Next");
	await page.keyboard.press("Enter");
	await until("the name has the focus", async () => (await focused()) === "Group name");
	await page.keyboard.type("Garden");
	await page.keyboard.press("Enter");
	await page.getByRole("main", { name: "Garden" }).waitFor();
	await tabTo(page, "textbox", "Message");
	await page.keyboard.type("made by hand");
	await page.keyboard.press("Enter");
	await openGroup(ben, "Garden");
	await ben.messages().getByText("made by hand").waitFor();
}

async function looks(colorScheme, viewport) {
	const name = (screen) => `screen-group-${viewport.width}-${colorScheme}-${screen}`;
	const { ana, ben, carla } = await garden({ look: { colorScheme, viewport } });
	await ben.say("The beans are up.");
	await ben.say("All of them, even the ones behind the shed.");
	await carla.say("I have a net for the birds, if somebody has the poles.");
	await ana.messages().getByText(/net for the birds/).waitFor();
	await ana.say("Poles are in the shed.");
	await carla.messages().getByText("Poles are in the shed.").waitFor();
	await sleep(500);
	await assertAccessible(ana, "a group's thread");
	await ana.shot(name("thread"));
	await ana.button("Chat info").click();
	await info(ana).getByRole("heading", { name: "3 members" }).waitFor();
	await sleep(400);
	await assertAccessible(ana, "a group's info");
	await ana.shot(name("info"));
	await info(ana).getByRole("button", { name: "Options for Ben" }).click();
	await sleep(200);
	await assertAccessible(ana, "a member's menu");
	await ana.shot(name("menu"));
	await ana.page.keyboard.press("Escape");
	await info(ana).getByRole("button", { name: "Close" }).click();
	if (viewport.width < 640) await ana.page.getByRole("link", { name: "Back" }).click();
	await sleep(200);
	await ana.shot(name("list"));
	await ana.button("New chat").click();
	await dialog(ana, "New chat").getByRole("button", { name: "New group" }).click();
	const making = dialog(ana, "New group");
	await choose(making, ["Ben"]);
	await making.getByRole("searchbox", { name: "Find people" }).fill("");
	await making.getByRole("option", { name: /Carla/ }).waitFor();
	await sleep(300);
	await assertAccessible(ana, "choosing people");
	await ana.shot(name("choose"));
	await making.getByRole("button", { name: "Next" }).click();
	await making.getByRole("textbox", { name: "Group name" }).fill("Sunday walk");
	await sleep(300);
	await assertAccessible(ana, "naming a group");
	await ana.shot(name("name"));
	await carla.button("Chat info").click();
	await info(carla).getByRole("button", { name: "Leave group" }).click();
	await dialog(carla, "Leave Garden?").getByRole("button", { name: "Leave group" }).click();
	await info(carla).getByRole("button", { name: "Close" }).click();
	await carla.page.getByText("You are no longer in this group").last().waitFor();
	await sleep(400);
	await assertAccessible(carla, "a group that one has left");
	await carla.shot(name("left"));
}

export default {
	texts,
	notes,
	members,
	picture,
	createdOffline,
	keyboardAlone,
	wideLight: () => looks("light", { width: 1280, height: 800 }),
	phoneDark: () => looks("dark", { width: 360, height: 740 }),
};
