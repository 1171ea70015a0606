// Somebody at a browser: Debian's Chromium with a fake microphone and camera, driven by the names a screen reader would say.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { own, until } from "./own.mjs";
import { password } from "./server.mjs";
import { synthetic } from "./room.mjs";
import { rememberPeers } from "./talk.mjs";
import { toneFile } from "./tone.mjs";

const out = resolve(import.meta.dirname, "../../out");
const flags = [
	"--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
	"--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
	"--allow-loopback-in-peer-connection",
];

/** Runs in every page before its own scripts: remembers what plays, so that a test can listen to it. */
function rememberPlayers() {
	window.testPlayers = [];
	const play = HTMLMediaElement.prototype.play;
	HTMLMediaElement.prototype.play = function remembered() {
		if (!window.testPlayers.includes(this)) window.testPlayers.push(this);
		return play.call(this);
	};
}

export class Person {
	constructor(server, name) {
		this.server = server;
		this.name = name;
	}

	/** @param {{tone?: number, loudness?: (seconds: number) => number, viewport?: object, colorScheme?: string, args?: string[], deny?: boolean, dir?: string, program?: string, cookies?: object[], label?: string}} options */
	async open(options = {}) {
		this.options = options;
		this.dir = options.dir ?? mkdtempSync(join(tmpdir(), "aftertone-browser-"));
		const tone = options.tone ? [`--use-file-for-fake-audio-capture=${toneFile(options.tone, 10, options.loudness)}`] : [];
		const denied = options.deny ? flags.filter((flag) => flag !== "--use-fake-ui-for-media-stream") : flags;
		this.context = await chromium.launchPersistentContext(this.dir, {
			executablePath: options.program ?? "/usr/bin/chromium",
			headless: true,
			args: [...denied, ...tone, ...(options.args ?? [])],
			viewport: options.viewport ?? { width: 1000, height: 760 },
			colorScheme: options.colorScheme ?? "light",
			permissions: options.deny ? [] : ["microphone", "camera", "notifications"],
			ignoreHTTPSErrors: true,
		});
		if (options.cookies) await this.context.addCookies(options.cookies);
		await this.context.addInitScript(rememberPlayers);
		await this.context.addInitScript(rememberPeers);
		if (options.synthetic) await this.context.addInitScript(synthetic, options.synthetic);
		this.page = this.context.pages()[0] ?? (await this.context.newPage());
		this.errors = [];
		this.watch(this.page);
		own(async (failed) => {
			if (failed) await this.shot(`failed-${Date.now()}-${this.name}`).catch(() => {});
			await this.close();
			rmSync(this.dir, { recursive: true, force: true });
			if (!failed && this.errors.length > 0) throw new Error(`${this.name}'s page: ${this.errors[0]}`);
		});
		return this;
	}

	watch(page) {
		page.setDefaultTimeout(20_000);
		page.on("pageerror", (error) => this.errors.push(String(error)));
		page.on("console", (message) => {
			if (message.type() === "error" && /Content Security Policy|Uncaught/.test(message.text())) this.errors.push(message.text());
		});
	}

	async close() {
		await this.context?.close().catch(() => {});
		this.context = null;
	}

	/** Ends the browser process as a crash would: no unload handlers, nothing said to the server. */
	async crash() {
		// Chromium writes cookies to disk only every half minute; a real device has had its cookie for longer than that.
		this.cookies = await this.context.cookies();
		const cdp = await this.context.newCDPSession(this.page);
		await Promise.race([cdp.send("Browser.crash").catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1000))]);
		await this.close();
	}

	async signIn() {
		await this.page.goto(this.server.url);
		await this.page.getByRole("textbox", { name: "Username" }).fill(this.name.toLowerCase());
		await this.page.getByLabel("Password").fill(password);
		await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
		await this.page.getByRole("navigation", { name: "Chats" }).waitFor();
		return this;
	}

	/** Opens the chat with somebody by finding them, as a person would. */
	async chatWith(name) {
		const { page } = this;
		const link = page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: new RegExp(name) });
		if ((await link.count()) > 0) {
			await link.first().click();
		} else {
			await page.getByRole("button", { name: "New chat" }).click();
			const dialog = page.getByRole("dialog", { name: "New chat" });
			await dialog.getByRole("searchbox", { name: "Find people" }).fill(name);
			await dialog.getByRole("option", { name: new RegExp(name) }).first().click();
		}
		await page.getByRole("main", { name: new RegExp(name) }).waitFor();
		return this;
	}

	async say(text) {
		await this.page.getByRole("textbox", { name: "Message" }).fill(text);
		await this.page.getByRole("button", { name: "Send", exact: true }).click();
	}

	messages() {
		return this.page.getByRole("list", { name: "Messages" });
	}

	entry(beginning) {
		return this.messages().getByRole("article", { name: new RegExp(`^${beginning}`) });
	}

	button(name) {
		return this.page.getByRole("button", { name, exact: true });
	}

	async call(kind = "Voice call") {
		await this.button(kind).click();
	}

	calling(name) {
		return this.page.getByRole("dialog", { name: new RegExp(`^Calling ${name}`) });
	}

	incoming(name, kind = "voice") {
		return this.page.getByRole("dialog", { name: new RegExp(`^Incoming ${kind} call from ${name}`) });
	}

	async status(name, text, limitMs = 30_000) {
		await this.calling(name).getByText(text, { exact: false }).first().waitFor({ timeout: limitMs });
	}

	async shot(name) {
		await this.page.screenshot({ path: join(out, `${name}.png`) });
	}
}

export async function signedIn(server, name, options) {
	const person = await new Person(server, name).open(options);
	return person.signIn();
}

/** Two people in a chat with one another, both pages open on it. */
export async function pair(server, options = {}) {
	const ana = await signedIn(server, "Ana", { tone: 660, ...options.ana });
	const ben = await signedIn(server, "Ben", { tone: 880, ...options.ben });
	await ana.chatWith("Ben");
	await ana.say("Hello Ben");
	await until("Ben's list shows Ana", async () => (await ben.page.getByRole("navigation", { name: "Chats" }).getByRole("link", { name: /Ana/ }).count()) > 0);
	await ben.chatWith("Ana");
	await ben.messages().getByText("Hello Ben").waitFor();
	return { ana, ben };
}

export const ms = (text) => {
	const [minutes, seconds] = text.split(":").map(Number);
	return (minutes * 60 + seconds) * 1000;
};
