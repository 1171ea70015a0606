/* The models on a real browser. main.tsx calls startBrowserApp(words) once. */

import type { Clock } from "../lib/clock.ts";
import { IdbStorage } from "../media/idbStorage.ts";
import { chooseMime } from "../media/mime.ts";
import { WebSounds } from "../media/sounds.ts";
import { Http } from "../wire/http.ts";
import { App } from "./app.ts";
import { browserNotify, startWorker } from "./browserNotify.ts";
import { browserPage } from "./browserPage.ts";
import { browserPlaying } from "./browserPlaying.ts";
import type { Env, Keep } from "./env.ts";
import type { AppModel, Words } from "./types/app.ts";

const clock: Clock = {
	now: () => Date.now(),
	after(ms, fn) {
		const timer = setTimeout(fn, ms);
		return () => clearTimeout(timer);
	},
	every(ms, fn) {
		const timer = setInterval(fn, ms);
		return () => clearInterval(timer);
	},
};

export function startBrowserApp(words: Words): AppModel {
	const storage = new IdbStorage();
	const worker = startWorker();
	const env: Env = {
		clock,
		words,
		storage,
		http: new Http((url, init) => fetch(url, init)),
		keep: browserKeep(),
		notify: browserNotify(worker.registration),
		page: browserPage(clock, worker.onOpen),
		sounds: new WebSounds(clock, window),
		playing: browserPlaying(),
		canRecord: canRecord(),
		random: Math.random,
		bytes: count => crypto.getRandomValues(new Uint8Array(count)),
		openSocket: () => new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`),
		useAccount: user => storage.use(`aftertone-${user}`),
		shrinkPicture: async file => (await import("../media/picture.ts")).shrinkPicture(file),
		voice: async () => (await import("./voice.ts")).Voice,
		kit: async () => (await import("./recordingKit.ts")).recordingKit(clock),
		talk: async () => (await import("./talkKit.ts")).talkKit(),
		room: async () => (await import("./roomKit.ts")).roomKit(),
		inputs: async () => (await import("../media/inputs.ts")).listInputs(),
	};
	const app = new App(env);
	worker.onUpdate(() => {
		app.updateReady.value = true;
	});
	void app.start();
	return app;
}

function canRecord(): { voice: boolean; video: boolean } {
	const possible =
		typeof MediaRecorder !== "undefined" && typeof navigator.mediaDevices?.getUserMedia === "function";
	const supported = (mime: string) => MediaRecorder.isTypeSupported(mime);
	return {
		voice: possible && chooseMime("voice", supported) !== null,
		video: possible && chooseMime("video", supported) !== null,
	};
}

/* Storage may be forbidden; then settings last as long as the page. */
function browserKeep(): Keep {
	const memory = new Map<string, string>();
	return {
		get(name) {
			try {
				return localStorage.getItem(name) ?? memory.get(name) ?? null;
			} catch {
				return memory.get(name) ?? null;
			}
		},
		set(name, value) {
			if (value === null) memory.delete(name);
			else memory.set(name, value);
			try {
				if (value === null) localStorage.removeItem(name);
				else localStorage.setItem(name, value);
			} catch {
				/* Full or forbidden: memory has it. */
			}
		},
	};
}
