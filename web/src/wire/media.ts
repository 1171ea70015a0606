/* The media of a call between two people: what the server and the other device say about it. */
import {
	array,
	bool,
	type Decoded,
	hexId,
	int,
	object,
	oneOf,
	orElse,
	orNull,
	positive,
	text,
} from "./decode.ts";

export const candidate = object({
	proto: oneOf("udp", "tcp"),
	addr: text(64),
	port: positive,
});

export const leg = object({
	ufrag: text(256),
	pwd: text(256),
	candidates: array(candidate, 16),
});
export type Leg = Decoded<typeof leg>;

export const opened = object({
	leg,
	offerer: bool,
	peer: object({ user: positive, device: orElse(int, 0), key: orNull(text(64)) }),
});
export type Opened = Decoded<typeof opened>;

export const mediaEvents = {
	"media.signal": object({
		call: hexId,
		device: positive,
		kind: oneOf("offer", "answer"),
		sdp: text(16_384),
		sig: orElse(text(128), ""),
	}),
	"media.state": object({
		call: hexId,
		user: positive,
		muted: orElse(bool, false),
		camera: orElse(bool, false),
		screen: orElse(bool, false),
	}),
	"media.ask": object({ call: hexId, user: positive, yes: orNull(bool) }),
	"media.hint": object({ call: hexId, why: orElse(text(32), "") }),
};
export type Signal = Decoded<(typeof mediaEvents)["media.signal"]>;
