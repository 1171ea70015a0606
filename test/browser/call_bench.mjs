// script/bench call: from "Answer" to the first sound, heard at both ends, between two real Chromiums; on a good network, and where a
// fifth of all packets is lost. And how long a call is silent after its network has moved.
// usage: node call_bench.mjs [ANSWERS]     0: only what a pulled cable costs
import { behindBadNetwork, longestSilence, voiceStats } from "./lib/impair.mjs";
import { endAll, sleep, until } from "./lib/own.mjs";
import { pair } from "./lib/person.mjs";
import { startServer } from "./lib/server.mjs";
import { callRegion, hears, talking } from "./lib/talk.mjs";
import { chromiumIn, SERVER_IP, twoNetworks } from "./lib/twoNetworks.mjs";

const answers = Number(process.argv[2] ?? 20);
const moves = Math.max(5, Math.round(answers / 2));

const print = (name, value, unit) => console.log(`${name} ${value} ${unit}`);

function quantile(values, q) {
	const sorted = [...values].sort((a, b) => a - b);
	return Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]);
}

/** Runs in every page before its own scripts: notes when the other's voice is first to be heard. */
function listenForFirstSound() {
	window.testFirstSound = null;
	const Real = window.RTCPeerConnection;
	const context = new AudioContext();
	window.RTCPeerConnection = class extends Real {
		constructor(...args) {
			super(...args);
			this.addEventListener("track", (event) => {
				if (event.track.kind !== "audio") return;
				const analyser = context.createAnalyser();
				analyser.fftSize = 256;
				const source = context.createMediaStreamSource(new MediaStream([event.track]));
				source.connect(analyser);
				const samples = new Float32Array(analyser.fftSize);
				const timer = setInterval(() => {
					analyser.getFloatTimeDomainData(samples);
					if (!samples.some((sample) => Math.abs(sample) > 0.01)) return;
					clearInterval(timer);
					source.disconnect();
					window.testFirstSound = performance.timeOrigin + performance.now();
				}, 2);
			});
		}
	};
}

async function started(seed) {
	const set = { ring_seconds: 30, pair_rings: 100_000, unanswered_a_day: 100_000, commands_per_s: 0, messages_per_s: 0 };
	const { server, net } = await behindBadNetwork({ people: ["Ana", "Ben"], set }, seed);
	const two = await pair(server);
	for (const who of [two.ana, two.ben]) {
		await who.context.addInitScript(listenForFirstSound);
		await who.page.reload();
		await who.page.getByRole("main").waitFor();
	}
	await sleep(1500);
	return { net, ...two };
}

/** One call: ms from the click to the first sound at the callee and at the caller. */
async function answer(ana, ben) {
	for (const who of [ana, ben]) await who.page.evaluate(() => (window.testFirstSound = null));
	await ana.call();
	const button = ben.incoming("Ana").getByRole("button", { name: "Answer", exact: true });
	await button.waitFor();
	await sleep(800);
	const clicked = await button.evaluate((node) => {
		const now = performance.timeOrigin + performance.now();
		node.click();
		return now;
	});
	const heard = await Promise.all([ben, ana].map((who) => until("sound", () => who.page.evaluate(() => window.testFirstSound), 30_000)));
	await sleep(300);
	await ana.button("Leave").click();
	for (const who of [ana, ben]) await callRegion(who).waitFor({ state: "detached" });
	await sleep(300);
	return heard.map((at) => at - clicked);
}

async function measure(ana, ben) {
	const times = { callee: [], caller: [], both: [] };
	for (let i = 0; i < answers; i += 1) {
		const [callee, caller] = await answer(ana, ben);
		times.callee.push(callee);
		times.caller.push(caller);
		times.both.push(Math.max(callee, caller));
	}
	return times;
}

/** Without voice for so long: from `change` to the first packet after it. */
async function silence(who, change) {
	const { packets } = await voiceStats(who);
	const began = Date.now();
	await change();
	await until("voice", async () => (await voiceStats(who)).packets > packets + 5, 30_000);
	return Date.now() - began;
}

async function measureMoves(ana, ben, net) {
	await ana.call();
	await ben.incoming("Ana").getByRole("button", { name: "Answer", exact: true }).click();
	await callRegion(ana).waitFor();
	await until("sound", () => ben.page.evaluate(() => window.testFirstSound), 30_000);
	await sleep(2000);
	const rebound = [], changed = [];
	for (let i = 0; i < moves; i += 1) {
		rebound.push(await silence(i % 2 ? ana : ben, () => net.say("rebind")));
		await sleep(1500);
		changed.push(
			await silence(i % 2 ? ana : ben, async () => {
				await net.say("cut");
				await sleep(300);
				await net.say(`rebind 127.0.0.${2 + i}`);
				await net.say("clear");
			}),
		);
		await sleep(1500);
	}
	print("call_rebinding_p95_ms", quantile(rebound, 0.95), "ms");
	print("call_network_change_p95_ms", quantile(changed, 0.95), "ms");
}

/** The callee's better network goes for good: what the browser and the server notice by themselves. */
async function measureCable() {
	const nets = twoNetworks();
	const args = ["--tls", "self", "--media-address", SERVER_IP];
	const server = await startServer({ people: ["Ana", "Ben"], args, netns: nets.there, host: SERVER_IP });
	const { ana, ben } = await pair(server, { ana: { program: chromiumIn(nets.there) }, ben: { program: chromiumIn(nets.here) } });
	await talking(ana, ben);
	await hears(ben, 660);
	await hears(ana, 880);
	await sleep(2000);
	const silent = [ana, ben].map((who) => longestSilence(who, 15_000));
	await sleep(1000);
	nets.pull(1);
	const [caller, callee] = await Promise.all(silent);
	print("call_cable_pulled_callee_ms", callee, "ms");
	print("call_cable_pulled_caller_ms", caller, "ms");
}

async function measureAnswers() {
	const { ana, ben, net } = await started(1);
	await answer(ana, ben);
	print("call_answers", answers, "answers");
	for (const [name, line] of [["answer_to_audio", "clear"], ["join_20loss", "down loss 20"], ["join_20loss_both_ways", "loss 20"]]) {
		await net.say(line);
		const times = await measure(ana, ben);
		for (const q of [0.5, 0.95]) print(`call_${name}_p${q * 100}_ms`, quantile(times.both, q), "ms");
		print(`call_${name}_callee_p50_ms`, quantile(times.callee, 0.5), "ms");
		print(`call_${name}_caller_p50_ms`, quantile(times.caller, 0.5), "ms");
	}
	await net.say("clear");
	await measureMoves(ana, ben, net);
}

try {
	if (answers > 0) await measureAnswers();
	await endAll();
	await measureCable();
} finally {
	await endAll();
}
process.exit(0);
