/* Calls that stand still, to look at. */
import { signal } from "@preact/signals";
import type { AppModel } from "../src/state/types/app.ts";
import type { TalkView } from "../src/state/types/talk.ts";
import { ben, NOW } from "./data.ts";

export interface TalkSetting extends Partial<TalkView> {
	level?: number;
	theirLevel?: number;
	elsewhere?: boolean;
}

export function talkView(over: Partial<TalkView> = {}): TalkView {
	return {
		call: "a",
		conv: 1,
		person: ben,
		answeredTs: NOW.getTime() - 74_000,
		kind: "voice",
		link: "connected",
		quality: "good",
		mine: { muted: false, camera: false, screen: false },
		theirs: { muted: false, camera: false, screen: false },
		ask: "none",
		trust: "verified",
		safetyCode: "48213 90417 33580 12764 80059 66231",
		microphone: null,
		camera: null,
		recording: false,
		...over,
	};
}

/* Somebody in a room, drawn. */
export function picture(width: number, height: number, warm: string, dark: string): MediaStream | null {
	const canvas = document.createElement("canvas");
	canvas.width = width;
	canvas.height = height;
	const paint = canvas.getContext("2d");
	if (!paint) return null;
	const draw = () => {
		const sky = paint.createLinearGradient(0, 0, width, height);
		sky.addColorStop(0, warm);
		sky.addColorStop(1, dark);
		paint.fillStyle = sky;
		paint.fillRect(0, 0, width, height);
		const unit = Math.min(width, height);
		paint.fillStyle = "#f0d9c4";
		paint.beginPath();
		paint.arc(width / 2, height * 0.45, unit * 0.17, 0, 7);
		paint.fill();
		paint.beginPath();
		paint.ellipse(width / 2, height * 0.95, unit * 0.34, unit * 0.3, 0, 0, 7);
		paint.fill();
	};
	draw();
	setInterval(draw, 200);
	return canvas.captureStream(5);
}

function screen(): MediaStream | null {
	const canvas = document.createElement("canvas");
	canvas.width = 1280;
	canvas.height = 800;
	const paint = canvas.getContext("2d");
	if (!paint) return null;
	const draw = () => {
		paint.fillStyle = "#fbfaf7";
		paint.fillRect(0, 0, 1280, 800);
		paint.fillStyle = "#3b3835";
		paint.font = "600 44px sans-serif";
		paint.fillText("Plan for the garden", 90, 120);
		paint.fillStyle = "#c9c3ba";
		for (let i = 0; i < 9; i++) paint.fillRect(90, 180 + i * 58, 700 + ((i * 173) % 340), 18);
	};
	draw();
	setInterval(draw, 200);
	return canvas.captureStream(5);
}

export function fakeTalk(s: TalkSetting | undefined): AppModel["talk"] {
	const ok = async () => ({ ok: true as const });
	const nothing = () => {};
	const view = s && !s.elsewhere ? talkView(s) : null;
	return {
		view: signal(view),
		elsewhere: signal(s?.elsewhere ? [talkView()] : []),
		level: signal(s?.level ?? 0.02),
		theirLevel: signal(s?.theirLevel ?? 0.3),
		ownPicture: signal(view?.mine.camera ? picture(640, 480, "#b9c7c2", "#33433f") : null),
		theirPicture: signal(view?.theirs.camera ? picture(1280, 720, "#d9b48f", "#5b4636") : null),
		ownScreen: signal(null),
		theirScreen: signal(view?.theirs.screen ? screen() : null),
		mirrored: signal(true),
		outputs: signal({ list: [{ id: "s", label: "Headphones" }], chosen: "" }),
		can: signal({ screen: true, flip: false, output: true }),
		setMuted: nothing,
		talkThrough: nothing,
		setCamera: ok,
		flipCamera: ok,
		setScreen: ok,
		reply: ok,
		loadOutputs: ok,
		setOutput: ok,
		confirmKey: nothing,
		moveHere: ok,
		leave: ok,
	};
}
