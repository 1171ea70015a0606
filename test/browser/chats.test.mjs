// People and chats: the first account, invitations, finding each other, texts and their states, several devices.
import assert from "node:assert/strict";
import { until } from "./lib/own.mjs";
import { Person, pair, signedIn } from "./lib/person.mjs";
import { password, startServer } from "./lib/server.mjs";

async function createAccount(person, link, name) {
	const { page } = person;
	await page.goto(link);
	await page.getByRole("textbox", { name: "Your name" }).fill(name);
	await page.getByRole("textbox", { name: "Username" }).fill(name.toLowerCase());
	await page.getByLabel("Password").fill(password);
	await page.getByRole("button", { name: "Create account" }).click();
	await page.getByRole("navigation", { name: "Chats" }).waitFor();
}

async function newcomer() {
	const server = await startServer();
	const link = await until("the one-time link", () => server.links().find((url) => url.includes("#i=")));
	const ana = await new Person(server, "Ana").open();
	await createAccount(ana, link, "Ana");

	const { page } = ana;
	await page.getByRole("button", { name: "New chat" }).click();
	const dialog = page.getByRole("dialog", { name: "New chat" });
	await dialog.getByRole("button", { name: "Invite someone" }).click();
	const invitation = await until("an invitation link", async () => {
		const text = await page.evaluate(() => [...document.querySelectorAll("input, output, code, p, a")].map((node) => node.value || node.textContent).join(" "));
		return text.match(/https?:\/\/\S+#i=[\w-]+/)?.[0];
	});

	const ben = await new Person(server, "Ben").open();
	await createAccount(ben, invitation, "Ben");
	await ben.chatWith("Ana");
	await ben.say("I am in");
	await page.keyboard.press("Escape");
	await until("Ana sees Ben's chat", async () => (await page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Ben/ }).count()) > 0);
	await ana.chatWith("Ben");
	await ana.messages().getByText("I am in").waitFor();

	const used = await new Person(server, "Eve").open();
	await used.page.goto(link);
	await until("the used link says so", async () => /no longer|used|expired|ask/i.test(await used.page.locator("body").innerText()));
}

async function texts() {
	const server = await startServer({ people: ["Ana", "Ben"] });
	const { ana, ben } = await pair(server);
	await ben.say("And hello to you");
	await ana.messages().getByText("And hello to you").waitFor();
	await until("Ana's text reads as read", async () => (await ana.messages().getByRole("article").filter({ hasText: "Hello Ben" }).getByText(/Read/).count()) + (await ana.messages().getByLabel(/Read/).count()) > 0);
	await ben.page.getByRole("textbox", { name: "Message" }).pressSequentially("thinking", { delay: 500 });
	await until("Ana sees that Ben is typing", async () => /typing/i.test(await ana.page.locator("body").innerText()));
	await ben.page.reload();
	await until("the draft stays", async () => (await ben.page.getByRole("textbox", { name: "Message" }).inputValue()) === "thinking");
}

async function offlineOutbox() {
	const server = await startServer({ people: ["Ana", "Ben"] });
	const { ana, ben } = await pair(server);
	await server.kill();
	await ana.say("written in a tunnel");
	await ana.messages().getByText("written in a tunnel").waitFor();
	await ana.page.reload().catch(() => {});
	await server.start();
	await ben.messages().getByText("written in a tunnel").waitFor({ timeout: 60_000 });
	assert.equal(await ben.messages().getByText("written in a tunnel").count(), 1);
}

async function devices() {
	const server = await startServer({ people: ["Ana", "Ben"] });
	const { ana, ben } = await pair(server);
	const laptop = await signedIn(server, "Ana");
	await laptop.chatWith("Ben");
	await laptop.messages().getByText("Hello Ben").waitFor();
	await ben.say("to both of your devices");
	await laptop.messages().getByText("to both of your devices").waitFor();
	await ana.messages().getByText("to both of your devices").waitFor();

	const session = await laptop.page.evaluate(() => fetch("/api/session").then((reply) => reply.json()));
	await ana.page.getByRole("link", { name: "You" }).or(ana.page.getByRole("button", { name: "You" })).first().click();
	const row = ana.page.getByRole("listitem").filter({ has: ana.page.getByRole("button", { name: /Sign out|Revoke/ }) }).first();
	await row.getByRole("button", { name: /Sign out|Revoke/ }).click();
	const confirm = ana.page.getByRole("dialog").getByRole("button", { name: /Sign out|Revoke/ });
	if ((await confirm.count()) > 0) await confirm.click();
	assert.ok(session.device > 0);
	await laptop.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
}

async function wrongPassword() {
	const server = await startServer({ people: ["Ana"] });
	const person = await new Person(server, "Ana").open();
	const { page } = person;
	await page.goto(server.url);
	const answers = [];
	for (const username of ["ana", "nobody"]) {
		await page.getByRole("textbox", { name: "Username" }).fill(username);
		await page.getByLabel("Password").fill("certainly not this one");
		await page.getByRole("button", { name: "Sign in", exact: true }).click();
		const alert = page.getByRole("alert");
		await alert.first().waitFor();
		answers.push(await alert.first().innerText());
		await page.reload();
	}
	assert.equal(answers[0], answers[1]);
}

const quiet = (person) => person.page.getByRole("region", { name: "Quiet time" });

/** Quiet time, set on a page that was opened at its own address, and ended while the line was down: both are done, one connection each. */
async function quietTime() {
	const server = await startServer({ people: ["Ana", "Ben"], set: { ring_seconds: 2, ring_stop_seconds: 6, unreachable_seconds: 3 } });
	const { ana, ben } = await pair(server);
	let connections = 0;
	ben.page.on("websocket", () => (connections += 1));
	await ben.page.goto(`${server.url}/you`);
	await quiet(ben).getByRole("button", { name: "1 hour" }).click();
	await quiet(ben).getByText(/^Quiet until/).waitFor();
	await ben.page.getByText("This device", { exact: true }).waitFor();
	await quiet(ben).getByRole("switch", { name: "Tell callers until when" }).click();
	await until("Ben's switch is on", async () => (await quiet(ben).getByRole("switch").getAttribute("aria-checked")) === "true");
	await ana.call();
	await ana.status("Ben", "Ben’s calls are silenced until");
	assert.equal(await ben.incoming("Ana").count(), 0, "nothing rings");
	await ana.calling("Ben").getByRole("button", { name: "Cancel" }).click();
	assert.equal(connections, 1, "the line held");

	await ben.context.setOffline(true);
	await server.kill();
	await ben.page.getByText("You are offline").first().waitFor();
	await quiet(ben).getByRole("button", { name: "Let calls ring again" }).click();
	await server.start();
	await ben.context.setOffline(false);
	await quiet(ben).getByRole("button", { name: "1 hour" }).waitFor();
	await ben.page.goto(`${server.url}/calls`);
	await ben.page.getByRole("listitem").filter({ hasText: "Silenced voice call" }).getByRole("button", { name: "Call back" }).waitFor();
}

export default { newcomer, texts, offlineOutbox, devices, wrongPassword, quietTime };
