// Rooms with several browsers: voices that are tones, pictures that are colours, both switched by the test; and a device of somebody's
// without a browser, for what has to be there before.
import WebSocket from "ws";
import { own, until } from "./own.mjs";
import { password } from "./server.mjs";

/** A signed-in device that only sends commands. */
export async function device(server, name) {
	const headers = { "content-type": "application/json", origin: server.url };
	const body = JSON.stringify({ username: name.toLowerCase(), password, device: "test" });
	const signed = await fetch(`${server.url}/api/signin`, { method: "POST", headers, body });
	if (!signed.ok) throw new Error(`sign-in of ${name}: ${signed.status}`);
	const cookie = signed.headers.getSetCookie().map((line) => line.split(";")[0]).join("; ");
	const session = await (await fetch(`${server.url}/api/session`, { headers: { ...headers, cookie } })).json();
	const socket = new WebSocket(`${server.url.replace("http", "ws")}/ws`, { headers: { origin: server.url, cookie } });
	own(() => socket.close());
	const waiting = new Map();
	let id = 0;
	socket.on("message", (data) => {
		const frame = JSON.parse(data);
		waiting.get(frame.id)?.(frame);
	});
	await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
	const ask = async (what, args = {}) => {
		const frame = await new Promise((resolve) => {
			waiting.set(++id, resolve);
			socket.send(JSON.stringify({ id, do: what, ...args }));
		});
		if (frame.err) throw new Error(`${what}: ${frame.err}`);
		return frame.ok;
	};
	const hello = await ask("hello", { token: session.token });
	return { ask, hello, close: () => socket.close() };
}

/** A group of these people, made by the first of them. */
export async function group(server, name, people) {
	const maker = await device(server, people[0]);
	const ids = [];
	for (const one of people.slice(1)) {
		const { users } = await maker.ask("people.find", { q: one });
		ids.push(users.find((user) => user.name === one).id);
	}
	const { conv } = await maker.ask("group.create", { cid: Date.now(), name, users: ids });
	return { conv, ids, maker };
}

/** Runs in every page before its own scripts. */
export function synthetic({ hz, colour }) {
	const speak = { on: true, gains: [] };
	window.testSpeak = (on) => {
		speak.on = on;
		for (const gain of speak.gains) gain.gain.value = on ? 0.3 : 0;
	};
	const tone = async () => {
		const context = new AudioContext();
		await context.resume();
		const oscillator = context.createOscillator();
		const gain = context.createGain();
		const out = context.createMediaStreamDestination();
		oscillator.frequency.value = hz;
		gain.gain.value = speak.on ? 0.3 : 0;
		speak.gains.push(gain);
		oscillator.connect(gain).connect(out);
		oscillator.start();
		return out.stream.getAudioTracks();
	};
	const picture = (fill, width, height) => {
		const canvas = document.createElement("canvas");
		canvas.width = width;
		canvas.height = height;
		const paint = canvas.getContext("2d");
		let at = 0;
		const draw = () => {
			paint.fillStyle = fill;
			paint.fillRect(0, 0, width, height);
			paint.fillStyle = "#888";
			paint.fillRect((at += 7) % width, 0, 6, 6);
		};
		draw();
		setInterval(draw, 100);
		return canvas.captureStream(10).getVideoTracks();
	};
	navigator.mediaDevices.getUserMedia = async ({ audio, video }) => new MediaStream([...(audio ? await tone() : []), ...(video ? picture(colour, 320, 180) : [])]);
	navigator.mediaDevices.getDisplayMedia = async () => new MediaStream(picture("#00a0ff", 480, 300));
}

/** All tones that come in now, in Hz. */
export function voices(page, ms = 500) {
	return page.evaluate(async (listenMs) => {
		const playing = (window.testPlayers ?? []).filter((player) => !player.paused && !player.muted && player.srcObject?.getAudioTracks?.().length > 0);
		const context = new AudioContext();
		const found = new Set();
		const ears = playing.map((player) => {
			const analyser = context.createAnalyser();
			analyser.fftSize = 8192;
			context.createMediaStreamSource(player.srcObject).connect(analyser);
			return analyser;
		});
		const deadline = performance.now() + listenMs;
		while (performance.now() < deadline) {
			await new Promise((resolve) => setTimeout(resolve, 100));
			for (const ear of ears) {
				const bins = new Float32Array(ear.frequencyBinCount);
				ear.getFloatFrequencyData(bins);
				let best = 0;
				for (let i = 4; i < bins.length; i += 1) if (bins[i] > bins[best]) best = i;
				if (bins[best] > -60) found.add(Math.round((best * context.sampleRate) / ear.fftSize));
			}
		}
		await context.close();
		return [...found];
	}, ms);
}

export async function hearsAll(person, tones, limitMs = 60_000) {
	await until(`${person.name} hears ${tones}`, async () => {
		const heard = await voices(person.page);
		if (tones.every((hz) => heard.some((one) => Math.abs(one - hz) < 15))) return true;
		throw new Error(`heard ${heard}`);
	}, limitMs);
}

/* In the page: [r, g, b] in the middle of a picture, null = there is none. */
function middle(video) {
	if (!video || video.videoWidth === 0) return null;
	const canvas = document.createElement("canvas");
	canvas.width = canvas.height = 1;
	const paint = canvas.getContext("2d");
	paint.drawImage(video, video.videoWidth / 2, video.videoHeight / 2, 1, 1, 0, 0, 1, 1);
	return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
}

/** What the middle of a tile's picture looks like; without a tile, that of the picture in its own window. */
export async function colour(person, tile) {
	const video = await person.page.evaluateHandle((name) => {
		if (name === undefined) return document.pictureInPictureElement;
		const tiles = [...document.querySelectorAll("[aria-label=Participants] [role=group]")];
		return tiles.find((one) => one.getAttribute("aria-label").startsWith(name))?.querySelector("video:not([data-waiting])") ?? null;
	}, tile);
	return video.evaluate(middle);
}

export async function seesColour(person, tile, wanted, limitMs = 60_000) {
	await until(`${person.name} sees ${tile ?? "the small window"} in ${wanted}`, async () => {
		const seen = await colour(person, tile);
		if (seen?.every((value, i) => Math.abs(value - wanted[i]) < 60)) return true;
		throw new Error(`seen ${seen}`);
	}, limitMs);
}

/** The name of the tile that is highlighted, and how large it and the others are. */
export function stage(person) {
	return person.page.evaluate(() => {
		const tiles = [...document.querySelectorAll("[aria-label=Participants] [role=group]")];
		const area = (one) => one.offsetWidth * one.offsetHeight;
		const current = tiles.filter((one) => one.getAttribute("aria-current") === "true");
		const others = tiles.filter((one) => !current.includes(one)).map(area);
		return { names: current.map((one) => one.getAttribute("aria-label")), area: Math.max(0, ...current.map(area)), largest: Math.max(0, ...others) };
	});
}

export async function stageIs(person, name, limitMs = 60_000) {
	await until(`${name} is large at ${person.name}`, async () => {
		const now = await stage(person);
		if (now.names.length === 1 && now.names[0].startsWith(name) && now.area > 2 * now.largest) return true;
		throw new Error(JSON.stringify(now));
	}, limitMs);
}

export const speak = (person, on) => person.page.evaluate((now) => window.testSpeak(now), on);
