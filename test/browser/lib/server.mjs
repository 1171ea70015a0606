// A real server on a data directory of its own.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { own, until } from "./own.mjs";

const root = resolve(import.meta.dirname, "../../..");
const program = process.env.AFTERTONE ?? join(root, "build/asan/aftertone");
export const password = "a long enough secret";

export class Server {
	/** @param {{set?: Record<string, string|number>, people?: string[], args?: string[], host?: string, netns?: string}} options */
	constructor(options = {}) {
		this.options = options;
		this.dir = mkdtempSync(join(tmpdir(), "aftertone-test-"));
		this.host = options.host ?? "127.0.0.1";
		this.port = 0;
		this.log = "";
		for (const name of options.people ?? []) this.addPerson(name);
	}

	addPerson(name, ...more) {
		execFileSync(program, ["user", "add", name.toLowerCase(), "--name", name, "--password-stdin", "--data", this.dir, ...more], { input: `${password}\n`, stdio: ["pipe", "pipe", "pipe"] });
	}

	async start() {
		const sets = Object.entries(this.options.set ?? {}).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
		const args = ["--listen", `${this.host}:${this.port}`, "--data", this.dir, "--web", join(root, "web/dist"), "--media", "0.0.0.0:0", ...sets, ...(this.options.args ?? [])];
		const command = this.options.netns ? ["ip", "netns", "exec", this.options.netns, program] : [program];
		this.child = spawn(command[0], [...command.slice(1), ...args], { stdio: ["ignore", "pipe", "pipe"] });
		this.out = "";
		this.child.stdout.on("data", (data) => (this.out += data));
		this.child.stderr.on("data", (data) => (this.log += data));
		this.exited = new Promise((done) => this.child.once("exit", (code, signal) => done(code ?? signal)));
		const url = await until("the server's address", () => {
			if (this.child.exitCode !== null) throw new Error(`server exited with ${this.child.exitCode}: ${this.log.slice(-800)}`);
			return this.out.match(/https?:\/\/[^\s/]+/)?.[0];
		});
		this.port = Number(new URL(url).port);
		this.url = this.options.host ? `${url.split(":")[0]}://${this.host}:${this.port}` : url;
		return this;
	}

	async stop(signal = "SIGTERM") {
		if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
		this.child.kill(signal);
		await this.exited;
	}

	/** kill -9 of the whole tree, as a power cut would. */
	async kill() {
		await this.stop("SIGKILL");
	}

	/** The process of a role ("core", "media", "remux"), as the log says: its arguments are the same for all. */
	role(name) {
		const pid = [...this.log.matchAll(/event=role\.started role=(\w+) pid=(\d+)/g)].findLast((match) => match[1] === name)?.[2];
		if (!pid) throw new Error(`the ${name} role is no process of its own`);
		return Number(pid);
	}

	links() {
		return [...this.out.matchAll(/https?:\/\/\S+/g)].map((match) => match[0]);
	}

	saveLog(path) {
		writeFileSync(path, this.log);
	}

	/** AddressSanitizer and unhandled trouble must not hide in a log nobody reads. */
	assertHealthy() {
		const bad = this.log.match(/.*(AddressSanitizer|runtime error:|panic|LeakSanitizer).*/);
		if (bad) throw new Error(`the server's log: ${bad[0]}`);
	}
}

export async function startServer(options) {
	const server = new Server(options);
	own(async (failed) => {
		await server.stop();
		if (failed) server.saveLog(join(root, "test/out", `server-${Date.now()}.log`));
		rmSync(server.dir, { recursive: true, force: true });
		if (!failed) server.assertHealthy();
	});
	return server.start();
}

export const read = (path) => readFileSync(path, "utf8");
