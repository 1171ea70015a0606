// A bad network between the browsers and the media port: our own proxy (client/impair_main.c), told what to do while it runs.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { own, until } from "./own.mjs";
import { startServer } from "./server.mjs";

const root = resolve(import.meta.dirname, "../../..");
const program = join(dirname(process.env.AFTERTONE ?? join(root, "build/asan/aftertone")), "impair");

function freePort() {
	return new Promise((done, failed) => {
		const server = createServer().on("error", failed);
		server.listen(0, "127.0.0.1", () => {
			const { port } = server.address();
			server.close(() => done(port));
		});
	});
}

export class BadNetwork {
	async start(toPort, seed) {
		this.child = spawn(program, ["0", String(toPort), String(seed)], { stdio: ["pipe", "pipe", "inherit"] });
		this.lines = [];
		this.rest = "";
		this.child.stdout.on("data", (data) => {
			const parts = (this.rest + data).split("\n");
			this.rest = parts.pop();
			this.lines.push(...parts);
		});
		own(async () => {
			this.child.stdin.end();
			if (this.child.exitCode === null) await new Promise((done) => this.child.once("exit", done));
			if (this.child.exitCode !== 0) throw new Error(`impair ended with ${this.child.exitCode ?? this.child.signalCode}`);
		});
		this.port = Number((await this.#answer()).split(" ")[1]);
		return this;
	}

	/** One line, as client/impair_main.c describes them. */
	async say(line) {
		this.child.stdin.write(`${line}\n`);
		const answer = await this.#answer();
		if (answer === "bad") throw new Error(`impair does not know "${line}"`);
		return answer;
	}

	async #answer() {
		await until("impair to answer", () => this.lines.length > 0 || this.child.exitCode !== null);
		if (this.lines.length === 0) throw new Error("impair ended");
		return this.lines.shift();
	}
}

/** A server whose media all goes through a bad network, which is good until it is told otherwise. */
export async function behindBadNetwork(options = {}, seed = 20260103) {
	const port = await freePort();
	const net = await new BadNetwork().start(port, seed);
	const args = ["--media", `127.0.0.1:${port}`, "--media-address", `127.0.0.1:${net.port}`, ...(options.args ?? [])];
	return { net, server: await startServer({ ...options, args }) };
}

/** The longest time without a packet of the other's voice within `ms`. */
export function longestSilence(person, ms) {
	return person.page.evaluate(async (limit) => {
		const peer = window.testPeers.findLast((one) => one.connectionState !== "closed");
		const begin = performance.now();
		let [last, since, longest] = [-1, begin, 0];
		while (performance.now() < begin + limit) {
			const inbound = [...(await peer.getStats()).values()].find((one) => one.type === "inbound-rtp" && one.kind === "audio");
			const now = performance.now();
			longest = Math.max(longest, now - since);
			if (inbound && inbound.packetsReceived !== last) [last, since] = [inbound.packetsReceived, now];
			await new Promise((resolve) => setTimeout(resolve, 20));
		}
		return Math.round(longest);
	}, ms);
}

/** What came of the other's voice so far; in a room, of the one of whom most came. */
export function voiceStats(person) {
	return person.page.evaluate(async () => {
		const peer = window.testPeers.findLast((one) => one.connectionState !== "closed");
		if (!peer) return null;
		const all = [...(await peer.getStats()).values()];
		const inbound = all.filter((one) => one.type === "inbound-rtp" && one.kind === "audio").sort((a, b) => b.packetsReceived - a.packetsReceived)[0];
		const transport = all.find((one) => one.type === "transport");
		const chosen = all.find((one) => one.id === transport?.selectedCandidatePairId);
		const local = all.find((one) => one.id === chosen?.localCandidateId);
		const codec = all.find((one) => one.id === inbound?.codecId);
		return {
			packets: inbound?.packetsReceived ?? 0,
			bytes: inbound?.bytesReceived ?? 0,
			lost: inbound?.packetsLost ?? 0,
			samples: inbound?.totalSamplesReceived ?? 0,
			concealed: inbound?.concealedSamples ?? 0,
			silent: inbound?.silentConcealedSamples ?? 0,
			fec: inbound?.fecPacketsReceived ?? 0,
			retransmitted: inbound?.retransmittedPacketsReceived ?? 0,
			nacks: inbound?.nackCount ?? 0,
			protocol: local?.protocol ?? null,
			codec: codec ? `${codec.mimeType} ${codec.sdpFmtpLine ?? ""}` : null,
		};
	});
}
