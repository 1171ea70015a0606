/* One offer and one answer a connection to a room, and no other ever (docs/protocol.md, rooms). The server sees no description: what it
 * needs of the offer is read out of it here, and the answer is written here from what it says. */
import type { RoomMedia, RoomParams } from "../wire/rooms.ts";
import { candidateLines, sections } from "./sdp.ts";

/* What a connection offers, as lines in this order: voice, camera and screen of mine, then those of the others. */
export interface RoomShape {
	/* Camera and screen of mine. */
	readonly pictures: boolean;
	readonly audio: number;
	readonly video: number;
	readonly screen: number;
}

export const CALL_SHAPE: RoomShape = { pictures: true, audio: 8, video: 9, screen: 1 };
export const CHAT_SHAPE: RoomShape = { pictures: false, audio: 8, video: 0, screen: 0 };

/* Low first: where there is too little room a browser drops from the end. */
export const RIDS = ["l", "m", "h"] as const;

const EXTENSIONS = {
	mid: "urn:ietf:params:rtp-hdrext:sdes:mid",
	level: "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
	rid: "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
	rrid: "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
	twcc: "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
	abs_send: "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
} as const;
type Extension = keyof typeof EXTENSIONS;

type Line = "mic" | "camera" | "screen" | "audio" | "video" | "theirScreen";

const isAudio = (line: Line) => line === "mic" || line === "audio";
const isMine = (line: Line) => line === "mic" || line === "camera" || line === "screen";

function linesOf(shape: RoomShape): readonly Line[] {
	const times = (count: number, line: Line) => Array.from({ length: count }, () => line);
	const mine: Line[] = shape.pictures ? ["mic", "camera", "screen"] : ["mic"];
	const theirs = [...times(shape.audio, "audio"), ...times(shape.video, "video")];
	return [...mine, ...theirs, ...times(shape.screen, "theirScreen")];
}

interface Section {
	readonly line: Line;
	readonly lines: readonly string[];
	readonly mid: string;
	readonly ext: ReadonlyMap<Extension, number>;
}

function read(offer: string, shape: RoomShape): { session: readonly string[]; all: readonly Section[] } {
	const { session, media } = sections(offer);
	const wanted = linesOf(shape);
	if (media.length !== wanted.length) throw new Error("an offer of another shape");
	const all = wanted.map((line, i) => {
		const lines = media[i] ?? [];
		return { line, lines, mid: after(lines, "a=mid:") ?? "", ext: extensions(lines) };
	});
	return { session, all };
}

function after(lines: readonly string[], start: string): string | null {
	return lines.find(line => line.startsWith(start))?.slice(start.length) ?? null;
}

function extensions(lines: readonly string[]): ReadonlyMap<Extension, number> {
	const found = new Map<Extension, number>();
	for (const line of lines) {
		/* a=extmap:2/recvonly URI attributes */
		const [, id, uri] = /^a=extmap:(\d+)(?:\/\w+)? (\S+)/.exec(line) ?? [];
		for (const [name, known] of Object.entries(EXTENSIONS))
			if (known === uri && Number(id) <= 14) found.set(name as Extension, Number(id));
	}
	return found;
}

/* The first payload type of a codec: the one that the browser likes best. */
function payloadOf(lines: readonly string[], codec: string): number | null {
	for (const line of lines) {
		const [, pt, name] = /^a=rtpmap:(\d+) ([^/\s]+\/\d+)/.exec(line) ?? [];
		if (name?.toLowerCase() === codec) return Number(pt);
	}
	return null;
}

function rtxOf(lines: readonly string[], pt: number): number {
	for (const line of lines) {
		const [, rtx, of] = /^a=fmtp:(\d+) apt=(\d+)/.exec(line) ?? [];
		if (Number(of) === pt) return Number(rtx);
	}
	return 0;
}

interface Codecs {
	readonly opus: number;
	readonly red: number | null;
	readonly vp8: number;
	readonly rtx: number;
}

/* Bundled lines agree on their payload types; where one does not, this browser cannot take part. */
function codecsOf(all: readonly Section[]): Codecs {
	let codecs: Partial<Record<"opus" | "red" | "vp8" | "rtx", number | null>> = {};
	for (const { line, lines } of all) {
		if (isAudio(line)) {
			const red = payloadOf(lines, "red/48000");
			codecs = { red, ...codecs, opus: payloadOf(lines, "opus/48000") };
		} else {
			const vp8 = payloadOf(lines, "vp8/90000");
			codecs = { ...codecs, vp8, rtx: rtxOf(lines, vp8 ?? -1) };
		}
	}
	const { opus, red = null, vp8 = 0, rtx = 0 } = codecs;
	if (opus === undefined || opus === null || vp8 === null || rtx === null)
		throw new Error("a codec is missing");
	return { opus, red, vp8, rtx };
}

/* Announced ones: the first is the picture's or voice's, the second repeats what was lost. */
function ssrcsOf(lines: readonly string[]): { ssrc: number | null; rtx_ssrc: number | null } {
	const group = after(lines, "a=ssrc-group:FID ")?.split(" ").map(Number);
	if (group !== undefined) return { ssrc: group[0] ?? null, rtx_ssrc: group[1] ?? null };
	const first = after(lines, "a=ssrc:")?.split(" ")[0];
	return { ssrc: first === undefined ? null : Number(first), rtx_ssrc: null };
}

function fingerprintOf(session: readonly string[], all: readonly Section[]): string {
	const start = "a=fingerprint:sha-256 ";
	const found = after(all[0]?.lines ?? [], start) ?? after(session, start);
	if (found === null) throw new Error("no sha-256 fingerprint");
	return found.trim().toUpperCase();
}

/* Throws when this browser cannot take part. */
export function paramsOf(offer: string, shape: RoomShape): RoomParams {
	const { session, all } = read(offer, shape);
	const codecs = codecsOf(all);
	const [mic] = all;
	const camera = all.find(({ line }) => line === "camera");
	const screen = all.find(({ line }) => line === "screen");
	const id = (of: Section | undefined, name: Extension) => of?.ext.get(name) ?? 0;
	const rids = (camera?.lines ?? []).flatMap(line => /^a=rid:(\S+) send/.exec(line)?.[1] ?? []);
	return {
		fingerprint: fingerprintOf(session, all),
		audio: { pt: codecs.opus, red: codecs.red, ext: { mid: id(mic, "mid"), level: id(mic, "level") } },
		video:
			camera === undefined
				? null
				: {
						pt: codecs.vp8,
						rtx: codecs.rtx,
						ext: {
							mid: id(camera, "mid"),
							rid: id(camera, "rid"),
							rrid: id(camera, "rrid"),
							twcc: id(camera, "twcc"),
							abs_send: id(camera, "abs_send"),
						},
					},
		send: {
			mic: { mid: mic?.mid ?? "", ssrc: ssrcsOf(mic?.lines ?? []).ssrc },
			camera: camera
				? { mid: camera.mid, rids, ...(rids.length > 0 ? UNKNOWN : ssrcsOf(camera.lines)) }
				: null,
			screen: screen ? { mid: screen.mid, ...ssrcsOf(screen.lines) } : null,
		},
		recv: all.flatMap(({ line, mid }) => {
			if (isMine(line)) return [];
			return [{ mid, kind: line === "theirScreen" ? "screen" : (line as "audio" | "video") }];
		}),
	};
}

const UNKNOWN = { ssrc: null, rtx_ssrc: null };

/* Only what was offered for that line may be answered; transport-cc on a voice makes Firefox refuse all. */
const FEEDBACK = ["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"] as const;

function feedback({ lines, ext }: Section, pt: number): readonly string[] {
	return FEEDBACK.filter(name => name !== "transport-cc" || ext.has("twcc"))
		.map(name => `a=rtcp-fb:${pt} ${name}`)
		.filter(line => lines.includes(line) || lines.includes(line.replace(`:${pt} `, ":* ")));
}

function audioLines(codecs: Codecs, line: Line): readonly string[] {
	const { opus, red } = codecs;
	/* The first is what the browser sends: a voice twice, so that one lost packet is not heard. */
	const types = red === null ? [opus] : line === "mic" ? [red, opus] : [opus, red];
	return [
		`m=audio 9 UDP/TLS/RTP/SAVPF ${types.join(" ")}`,
		`a=rtpmap:${opus} opus/48000/2`,
		`a=fmtp:${opus} minptime=10;useinbandfec=1;usedtx=1`,
		/* Not offered, but Chromium then asks for lost voice again, and answers when it is asked; Firefox pays no heed. */
		`a=rtcp-fb:${opus} nack`,
		...(red === null ? [] : [`a=rtpmap:${red} red/48000/2`, `a=fmtp:${red} ${opus}/${opus}`]),
	];
}

function videoLines(codecs: Codecs, section: Section): readonly string[] {
	const { vp8, rtx } = codecs;
	return [
		`m=video 9 UDP/TLS/RTP/SAVPF ${rtx === 0 ? vp8 : `${vp8} ${rtx}`}`,
		`a=rtpmap:${vp8} VP8/90000`,
		...feedback(section, vp8),
		...(rtx === 0 ? [] : [`a=rtpmap:${rtx} rtx/90000`, `a=fmtp:${rtx} apt=${vp8}`]),
	];
}

/* Names of lines of theirs, so that a track says which line it came by. */
function sourceLines(mid: string, media: RoomMedia): readonly string[] {
	const slot = media.slots.find(one => one.mid === mid);
	if (slot === undefined) throw new Error("a line without a slot");
	const name = `slot${mid}`;
	const one = (ssrc: number) => [`a=ssrc:${ssrc} cname:aftertone`, `a=ssrc:${ssrc} msid:${name} ${name}`];
	if (slot.rtx === 0) return [`a=msid:${name} ${name}`, ...one(slot.ssrc)];
	return [
		`a=msid:${name} ${name}`,
		`a=ssrc-group:FID ${slot.ssrc} ${slot.rtx}`,
		...one(slot.ssrc),
		...one(slot.rtx),
	];
}

function simulcast({ lines }: Section): readonly string[] {
	const rids = lines.flatMap(line => /^a=rid:(\S+) send/.exec(line)?.[1] ?? []);
	return rids.length === 0
		? []
		: [...rids.map(rid => `a=rid:${rid} recv`), `a=simulcast:recv ${rids.join(";")}`];
}

function answered(section: Section, codecs: Codecs, media: RoomMedia): readonly string[] {
	const { line, mid, ext } = section;
	const used = [...ext].filter(([name]) => !isAudio(line) || name === "mid" || name === "level");
	return [
		...(isAudio(line) ? audioLines(codecs, line) : videoLines(codecs, section)),
		"c=IN IP4 0.0.0.0",
		`a=mid:${mid}`,
		isMine(line) ? "a=recvonly" : "a=sendonly",
		"a=rtcp-mux",
		"a=rtcp-rsize",
		`a=ice-ufrag:${media.ufrag}`,
		`a=ice-pwd:${media.pwd}`,
		`a=fingerprint:sha-256 ${media.fingerprint.replace(/^sha-256 /i, "")}`,
		"a=setup:passive",
		...used.map(([name, id]) => `a=extmap:${id} ${EXTENSIONS[name]}`),
		...(line === "camera" ? simulcast(section) : []),
		...(isMine(line) ? [] : sourceLines(mid, media)),
	];
}

export function answerOf(offer: string, shape: RoomShape, media: RoomMedia): string {
	const { all } = read(offer, shape);
	const codecs = codecsOf(all);
	const out = [
		"v=0",
		"o=- 1 1 IN IP4 0.0.0.0",
		"s=-",
		"t=0 0",
		`a=group:BUNDLE ${all.map(({ mid }) => mid).join(" ")}`,
		"a=ice-lite",
		"a=msid-semantic:WMS *",
	];
	for (const [i, section] of all.entries()) {
		out.push(...answered(section, codecs, media));
		/* The others are bundled with the first. */
		if (i === 0) out.push(...candidateLines(media), "a=end-of-candidates");
	}
	return `${out.join("\r\n")}\r\n`;
}
