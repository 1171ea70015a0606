// Known sounds for the fake microphone, and finding them again at the other end.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { own } from "./own.mjs";

const rate = 48_000;

/** As loud as somebody speaking: syllables, words, breaths. */
export const speech = (seconds) => Math.max(0.04, Math.abs(Math.sin(seconds * 9.1)) * (0.35 + 0.65 * Math.abs(Math.sin(seconds * 1.7 + Math.sin(seconds * 0.9)))));

/** A WAV of `seconds` of a sine, for --use-file-for-fake-audio-capture (it loops). loudness: 0..1 at a time in seconds. */
export function toneFile(frequency, seconds = 10, loudness = () => 0.28) {
	const dir = mkdtempSync(join(tmpdir(), "aftertone-tone-"));
	own(() => rmSync(dir, { recursive: true, force: true }));
	const path = join(dir, `tone-${frequency}.wav`);
	const samples = rate * seconds;
	const wav = Buffer.alloc(44 + samples * 2);
	wav.write("RIFF", 0);
	wav.writeUInt32LE(36 + samples * 2, 4);
	wav.write("WAVEfmt ", 8);
	wav.writeUInt32LE(16, 16);
	wav.writeUInt16LE(1, 20);
	wav.writeUInt16LE(1, 22);
	wav.writeUInt32LE(rate, 24);
	wav.writeUInt32LE(rate * 2, 28);
	wav.writeUInt16LE(2, 32);
	wav.writeUInt16LE(16, 34);
	wav.write("data", 36);
	wav.writeUInt32LE(samples * 2, 40);
	for (let i = 0; i < samples; i += 1) wav.writeInt16LE(Math.round(32000 * loudness(i / rate) * Math.sin((2 * Math.PI * frequency * i) / rate)), 44 + i * 2);
	writeFileSync(path, wav);
	return path;
}

/**
 * Listens to what the page's player really puts out for `ms` and gives the strongest frequency in Hz.
 * The init script of person.mjs keeps every media element that was ever told to play.
 */
export function heard(page, ms = 700) {
	return page.evaluate(async (listenMs) => {
		const element = window.testPlayers?.findLast((player) => !player.paused);
		if (!element) return null;
		const context = new AudioContext();
		const analyser = context.createAnalyser();
		analyser.fftSize = 8192;
		context.createMediaStreamSource(element.captureStream()).connect(analyser);
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
