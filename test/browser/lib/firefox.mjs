// Somebody at Debian's Firefox ESR, over WebDriver BiDi. A private PulseAudio with a null sink stands in for the sound card: without one,
// Firefox never starts an AudioContext.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { own, until } from "./own.mjs";
import { synthetic } from "./room.mjs";
import { password } from "./server.mjs";
import { rememberPeers } from "./talk.mjs";

const prefs = {
	"media.navigator.streams.fake": true,
	"media.navigator.permission.disabled": true,
	"permissions.default.microphone": 1,
	"permissions.default.camera": 1,
	"permissions.default.desktop-notification": 1,
	"media.autoplay.default": 0,
	"media.autoplay.blocking_policy": 0,
	// The server of a test is on this machine only.
	"media.peerconnection.ice.loopback": true,
	"media.gmp-manager.url": "data:text/plain,",
	"app.update.enabled": false,
	"network.captive-portal-service.enabled": false,
	"network.connectivity-service.enabled": false,
	"datareporting.policy.dataSubmissionEnabled": false,
};

async function soundCard() {
	const dir = mkdtempSync(join(tmpdir(), "aftertone-sound-"));
	const env = { ...process.env, XDG_RUNTIME_DIR: dir, HOME: dir, PULSE_RUNTIME_PATH: dir };
	const pulse = spawn("pulseaudio", ["-n", "--exit-idle-time=-1", "--daemonize=no", "-L", `module-native-protocol-unix socket=${dir}/native`, "-L", "module-null-sink sink_name=nul"], { env, stdio: "ignore" });
	own(() => {
		pulse.kill();
		rmSync(dir, { recursive: true, force: true });
	});
	const { existsSync } = await import("node:fs");
	await until("the sound card", () => existsSync(join(dir, "native")));
	return { ...env, PULSE_SERVER: `unix:${dir}/native` };
}

export class FirefoxPerson {
	constructor(server, name) {
		this.server = server;
		this.name = name;
	}

	/** @param {{synthetic?: {hz: number, colour: string}}} options */
	async open(options = {}) {
		const env = await soundCard();
		this.browser = await puppeteer.launch({ browser: "firefox", executablePath: "/usr/bin/firefox-esr", headless: true, extraPrefsFirefox: prefs, env });
		own(() => this.browser.close());
		this.page = await this.browser.newPage();
		await this.page.setViewport({ width: 1000, height: 760 });
		await this.page.evaluateOnNewDocument(() => {
			window.testPlayers = [];
			const play = HTMLMediaElement.prototype.play;
			HTMLMediaElement.prototype.play = function remembered() {
				if (!window.testPlayers.includes(this)) window.testPlayers.push(this);
				return play.call(this);
			};
		});
		await this.page.evaluateOnNewDocument(rememberPeers);
		if (options.synthetic) await this.page.evaluateOnNewDocument(synthetic, options.synthetic);
		return this;
	}

	/** @param {string} role  @param {string | RegExp} name */
	find(role, name) {
		return this.page.evaluateHandle((wantedRole, source, flags) => {
			const wanted = source === null ? null : new RegExp(source, flags);
			const roles = { button: "button,[role=button]", textbox: "input:not([type=checkbox]),textarea,[role=textbox],[contenteditable=true]", link: "a[href]", option: "[role=option]", searchbox: "input[type=search],[role=searchbox]", article: "article,[role=article]", slider: "[role=slider],input[type=range]" };
			const label = (node) => node.getAttribute("aria-label") ?? (node.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ").trim() ?? "";
			const name = (node) => label(node) || (node.labels?.[0]?.textContent ?? "") || node.textContent.trim();
			return [...document.querySelectorAll(roles[wantedRole])].find((node) => node.checkVisibility() && !node.closest("[inert]") && (wanted === null || wanted.test(name(node)))) ?? null;
		}, role, name instanceof RegExp ? name.source : `^${name}$`, name instanceof RegExp ? name.flags : "").then((handle) => handle.asElement());
	}

	async wait(role, name, limitMs) {
		return until(`${this.name} sees ${role} ${name}`, () => this.find(role, name), limitMs);
	}

	async click(role, name, limitMs) {
		await (await this.wait(role, name, limitMs)).click();
	}

	async fill(role, name, text) {
		const field = await this.wait(role, name);
		await field.click();
		await field.type(text);
	}

	async signIn() {
		await this.page.goto(this.server.url);
		await this.fill("textbox", "Username", this.name.toLowerCase());
		await this.fill("textbox", "Password", password);
		await this.click("button", "Sign in");
		await this.wait("button", "New chat");
		return this;
	}

	/** Opens the chat with somebody by finding them, as a person would. */
	async chatWith(name) {
		await this.click("button", "New chat");
		await this.fill("searchbox", "Find people", name);
		await this.click("option", new RegExp(name));
		await this.wait("textbox", "Message");
		return this;
	}

	async say(text) {
		await this.fill("textbox", "Message", text);
		await this.click("button", "Send");
	}
}
