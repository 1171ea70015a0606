// Where the time goes between "Answer" and the first sound: marks at both ends, in ms from the click (median and 90 %), in the order of time.
// usage: node call_marks.mjs [ANSWERS]
import { behindBadNetwork } from "./lib/impair.mjs";
import { endAll, sleep, until } from "./lib/own.mjs";
import { pair } from "./lib/person.mjs";
import { callRegion } from "./lib/talk.mjs";

const answers = Number(process.argv[2] ?? 10);

/** Runs in every page before its own scripts. */
function marks() {
	const now = () => performance.timeOrigin + performance.now();
	window.testMarks = [];
	const mark = (name) => window.testMarks.push([name, now()]);
	window.testMark = mark;
	const Socket = window.WebSocket;
	window.WebSocket = class extends Socket {
		constructor(...args) {
			super(...args);
			this.addEventListener("message", (event) => {
				const said = JSON.parse(event.data);
				const call = said.call ?? said.ok?.call;
				if (said.ev) mark(`< ${said.ev} ${said.kind ?? call?.state ?? ""}`);
				else if (said.ok) mark(`< ok ${Object.keys(said.ok).join()}`);
			});
		}
		send(text) {
			const said = JSON.parse(text);
			mark(`> ${said.do} ${said.kind ?? ""}`);
			super.send(text);
		}
	};
	const Real = window.RTCPeerConnection;
	const context = new AudioContext();
	window.RTCPeerConnection = class extends Real {
		constructor(...args) {
			mark("new peer");
			super(...args);
			mark("new peer made");
			for (const name of ["createOffer", "createAnswer", "setLocalDescription", "setRemoteDescription"]) {
				const real = this[name].bind(this);
				this[name] = async (...given) => {
					mark(`${name} begins`);
					const done = await real(...given);
					mark(`${name} done`);
					return done;
				};
			}
			this.addEventListener("iceconnectionstatechange", () => mark(`ice ${this.iceConnectionState}`));
			this.addEventListener("connectionstatechange", () => mark(`connection ${this.connectionState}`));
			this.addEventListener("track", (event) => {
				if (event.track.kind !== "audio") return;
				mark("track");
				event.track.addEventListener("unmute", () => mark("track unmuted"));
				const analyser = context.createAnalyser();
				analyser.fftSize = 256;
				const source = context.createMediaStreamSource(new MediaStream([event.track]));
				source.connect(analyser);
				const samples = new Float32Array(analyser.fftSize);
				const timer = setInterval(() => {
					const at = event.receiver.getSynchronizationSources()[0]?.timestamp;
					if (at && !this.testFirst) {
						this.testFirst = true;
						window.testMarks.push(["first packet played", at + (at < 1e11 ? performance.timeOrigin : 0)]);
						mark("first packet seen");
					}
					analyser.getFloatTimeDomainData(samples);
					if (!samples.some((sample) => Math.abs(sample) > 0.01)) return;
					clearInterval(timer);
					source.disconnect();
					mark("SOUND");
				}, 2);
			});
		}
	};
	const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = async (...args) => {
		mark("microphone asked");
		const stream = await get(...args);
		mark("microphone there");
		return stream;
	};
	const replace = RTCRtpSender.prototype.replaceTrack;
	RTCRtpSender.prototype.replaceTrack = async function marked(track) {
		if (track) mark(`replaceTrack ${track.kind}`);
		return replace.call(this, track);
	};
	const RealContext = window.AudioContext;
	window.AudioContext = class extends RealContext {
		constructor(...args) {
			mark("new AudioContext");
			super(...args);
		}
	};
	new PerformanceObserver((list) => {
		for (const one of list.getEntries()) window.testMarks.push([`long task ${Math.round(one.duration)}`, performance.timeOrigin + one.startTime]);
	}).observe({ entryTypes: ["longtask"] });
}

async function answer(ana, ben) {
	await ana.call();
	const button = ben.incoming("Ana").getByRole("button", { name: "Answer", exact: true });
	await button.waitFor();
	await sleep(800);
	for (const who of [ana, ben]) await who.page.evaluate(() => (window.testMarks.length = 0));
	const clicked = await button.evaluate((node) => {
		const now = performance.timeOrigin + performance.now();
		node.click();
		return now;
	});
	for (const who of [ana, ben]) await until("sound", () => who.page.evaluate(() => window.testMarks.some(([name]) => name === "SOUND")), 30_000);
	await sleep(200);
	const found = [];
	for (const [n, who] of [["ben", ben], ["  ana", ana]])
		for (const [name, at] of await who.page.evaluate(() => window.testMarks)) found.push([`${n} ${name}`, at - clicked]);
	await ana.button("Leave").click();
	for (const who of [ana, ben]) await callRegion(who).waitFor({ state: "detached" });
	await sleep(300);
	return found;
}

const all = new Map();
try {
	const set = { ring_seconds: 30, pair_rings: 100_000, unanswered_a_day: 100_000, commands_per_s: 0, messages_per_s: 0 };
	const { server } = await behindBadNetwork({ people: ["Ana", "Ben"], set }, 1);
	const { ana, ben } = await pair(server);
	for (const who of [ana, ben]) {
		await who.context.addInitScript(marks);
		await who.page.reload();
		await who.page.getByRole("main").waitFor();
	}
	await sleep(1500);
	await answer(ana, ben);
	for (let i = 0; i < answers; i += 1) {
		const seen = new Map();
		for (const [name, at] of await answer(ana, ben)) {
			const n = (seen.get(name) ?? 0) + 1;
			seen.set(name, n);
			const key = n > 1 ? `${name} (${n})` : name;
			if (!all.has(key)) all.set(key, []);
			all.get(key).push(at);
		}
	}
	const rows = [...all].map(([name, times]) => [name, times.sort((a, b) => a - b)]).sort((a, b) => a[1][Math.floor(a[1].length / 2)] - b[1][Math.floor(b[1].length / 2)]);
	for (const [name, t] of rows) console.log(`${t[Math.floor(t.length / 2)].toFixed(0).padStart(6)} ${t[Math.floor(t.length * 0.9)].toFixed(0).padStart(6)}  ${String(t.length).padStart(3)}  ${name}`);
} finally {
	await endAll();
}
process.exit(0);
