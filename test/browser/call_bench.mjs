// script/bench call: from "Answer" to the first sound, heard at both ends, between two real Chromiums; on a good network, and where a
// fifth of all packets is lost. And how long a call is silent after its network has moved.
// usage: node call_bench.mjs [ANSWERS]
import { behindBadNetwork, voiceStats } from "./lib/impair.mjs";
import { endAll, sleep, until } from "./lib/own.mjs";
import { pair } from "./lib/person.mjs";
import { callRegion } from "./lib/talk.mjs";

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

try {
	const good = await started(1);
	await answer(good.ana, good.ben);
	const clean = await measure(good.ana, good.ben);
	print("call_answers", answers, "answers");
	print("call_answer_to_audio_p50_ms", quantile(clean.both, 0.5), "ms");
	print("call_answer_to_audio_p95_ms", quantile(clean.both, 0.95), "ms");
	print("call_answer_to_audio_callee_p50_ms", quantile(clean.callee, 0.5), "ms");
	print("call_answer_to_audio_caller_p50_ms", quantile(clean.caller, 0.5), "ms");
	await good.net.say("down loss 20");
	const lossy = await measure(good.ana, good.ben);
	print("call_join_20loss_p50_ms", quantile(lossy.both, 0.5), "ms");
	print("call_join_20loss_p95_ms", quantile(lossy.both, 0.95), "ms");
	await good.net.say("loss 20");
	const both = await measure(good.ana, good.ben);
	print("call_join_20loss_both_ways_p50_ms", quantile(both.both, 0.5), "ms");
	print("call_join_20loss_both_ways_p95_ms", quantile(both.both, 0.95), "ms");
	await good.net.say("clear");
	await measureMoves(good.ana, good.ben, good.net);
} finally {
	await endAll();
}
process.exit(0);
