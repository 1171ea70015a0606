// What a call really carries: tones heard at the other end, frames decoded there, connections that are mended.
import { until } from "./own.mjs";

/** Runs in every page: remembers connections, so that a test can look at what they did. */
export function rememberPeers() {
	window.testPeers = [];
	const Real = window.RTCPeerConnection;
	window.RTCPeerConnection = class extends Real {
		constructor(...args) {
			super(...args);
			window.testPeers.push(this);
		}
	};
}

/** The strongest frequency of the voice that comes in, in Hz; null = silence. */
export function voice(page, ms = 600) {
	return page.evaluate(async (listenMs) => {
		const element = window.testPlayers?.findLast((player) => player.srcObject?.getAudioTracks?.().length > 0 && !player.paused);
		if (!element) return null;
		const context = new AudioContext();
		const analyser = context.createAnalyser();
		analyser.fftSize = 8192;
		context.createMediaStreamSource(element.srcObject).connect(analyser);
		await new Promise((resolve) => setTimeout(resolve, 250));
		const bins = new Float32Array(analyser.frequencyBinCount);
		let best = { db: -Infinity, hz: 0 };
		const deadline = performance.now() + listenMs;
		while (performance.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, 50));
			analyser.getFloatFrequencyData(bins);
			for (let i = 4; i < bins.length; i += 1) if (bins[i] > best.db) best = { db: bins[i], hz: (i * context.sampleRate) / analyser.fftSize };
		}
		await context.close();
		return best.db > -60 ? Math.round(best.hz) : null;
	}, ms);
}

export async function hears(person, hz, limitMs = 30_000) {
	await until(`${person.name} hears ${hz ?? "nothing"}`, async () => {
		const heard = await voice(person.page);
		if (hz === null ? heard === null : heard !== null && Math.abs(heard - hz) < 15) return true;
		throw new Error(`heard ${heard}`);
	}, limitMs);
}

/** Frames that the pictures of this tile have shown so far; null = it has no picture. */
export function frames(person, tile) {
	return person.page.evaluate((name) => {
		const tiles = [...document.querySelectorAll("[aria-label=Participants] [role=group]")];
		const video = tiles.find((one) => one.getAttribute("aria-label") === name)?.querySelector("video");
		// Firefox counts only what it paints of a stream.
		return video ? (video.mozPaintedFrames ?? video.getVideoPlaybackQuality().totalVideoFrames) : null;
	}, tile);
}

export async function sees(person, tile, limitMs = 30_000) {
	const first = await until(`${person.name} has a picture of ${tile}`, () => frames(person, tile), limitMs);
	await until(`${person.name} sees ${tile} move`, async () => (await frames(person, tile)) > first + 3, limitMs);
}

export const callRegion = (person) => person.page.getByRole("region", { name: "Call", exact: true });
export const participants = (person) => person.page.getByRole("group", { name: "Participants" });

/** A call that is answered: both hear one another. */
export async function talking(ana, ben, kind = "voice") {
	await ana.call(kind === "voice" ? "Voice call" : "Video call");
	await ben.incoming("Ana", kind).getByRole("button", { name: "Answer", exact: true }).click();
	await callRegion(ana).waitFor();
	await callRegion(ben).waitFor();
}

/** Connections this page has made. */
export function connections(person) {
	return person.page.evaluate(() => window.testPeers.map((peer) => peer.connectionState));
}
