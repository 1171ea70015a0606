/* The relay ends ICE and nothing else, so the other's description is taken as it is, but for where to send: their leg's place is taken
 * by ours. Payload types, fingerprints and roles stay; codecs that one side lists and the other cannot are the browsers' affair. */

export interface Place {
	readonly ufrag: string;
	readonly pwd: string;
	readonly candidates: readonly {
		readonly proto: "udp" | "tcp";
		readonly addr: string;
		readonly port: number;
	}[];
	/* How often this side has looked for another path to this leg alone. */
	readonly turn?: number;
}

/* Measured: with this extension in it, Firefox's picture stands still for 3 s when the other side restarts. */
const PLAYOUT_DELAY = "playout-delay";
const ORDER = "a=x-aftertone-offer:";
const TWIN = "twin";

const gone = (line: string) =>
	line.startsWith("a=candidate:") ||
	line === "a=end-of-candidates" ||
	line.startsWith("a=ice-options:") ||
	line.startsWith("a=ice-ufrag:") ||
	line.startsWith("a=ice-pwd:") ||
	line.startsWith("a=remote-candidates:") ||
	line === "a=ice-lite" ||
	line.startsWith(ORDER) ||
	(line.startsWith("a=extmap:") && line.includes(PLAYOUT_DELAY));

/* Browsers ask again for lost pictures; for a lost piece of voice Chromium does so only when the other's description says it may. Firefox
 * pays no heed. */
function withVoiceRepair(section: readonly string[]): readonly string[] {
	if (!section[0]?.startsWith("m=audio ")) return section;
	return section.flatMap(line => {
		const type = /^a=rtpmap:(\d+) opus\//i.exec(line)?.[1];
		const repair = `a=rtcp-fb:${type} nack`;
		return type === undefined || section.includes(repair) ? [line] : [line, repair];
	});
}

/* RFC 8445 5.1.2.1: host candidates, UDP before TCP, in the order given. Below whatever a browser gives its own, so that they decide: a
 * browser leaves a path on which nothing comes only for a better one, and each turn is better than the one before. */
export function candidateLines(place: Place): readonly string[] {
	return place.candidates.map(({ proto, addr, port }, i) => {
		const type = proto === "udp" ? 100 : 80;
		const local = Math.min(65_535, 32_768 + (place.turn ?? 0) * 16) - i;
		const priority = type * 2 ** 24 + local * 2 ** 8 + 255;
		const tcp = proto === "tcp" ? " tcptype passive" : "";
		return `a=candidate:${i + 1} 1 ${proto} ${priority} ${addr} ${port} typ host${tcp}`;
	});
}

/* Their description with our leg in their place. */
export function atPlace(sdp: string, place: Place): string {
	const { session, media } = sections(sdp);
	/* The server minds only the beginning of its name; to a browser another name is another side. */
	const credentials = [`a=ice-ufrag:${place.ufrag}${place.turn ?? ""}`, `a=ice-pwd:${place.pwd}`];
	const out = [...session.filter(line => !gone(line)), "a=ice-lite"];
	for (const [i, section] of media.entries()) {
		out.push(...withVoiceRepair(section).filter(line => !gone(line)), ...credentials);
		/* The others are bundled with the first. */
		if (i === 0) out.push(...candidateLines(place), "a=end-of-candidates");
	}
	return `${out.join("\r\n")}\r\n`;
}

/* Every a=fingerprint of the whole description, in lower case, sorted, each once. */
export function fingerprints(sdp: string): readonly string[] {
	const found = new Set<string>();
	for (const line of lines(sdp))
		if (line.startsWith("a=fingerprint:"))
			found.add(line.slice("a=fingerprint:".length).trim().toLowerCase());
	return [...found].sort();
}

/* Names the connection that a description belongs to: the session id of its o= line. */
export function sessionOf(sdp: string): string {
	const origin = lines(sdp).find(line => line.startsWith("o="));
	return origin?.split(" ")[1] ?? "";
}

/* An answer says which connection's offer it answers, so that a late one is not taken for another's. */
export function markAnswer(answer: string, offer: string): string {
	return inOrder(answer, sessionOf(offer));
}

function inOrder(sdp: string, order: string): string {
	const { session, media } = sections(sdp);
	return `${[...session, `${ORDER}${order}`, ...media.flat()].join("\r\n")}\r\n`;
}

/* "" = it does not say. */
export function answersTo(sdp: string): string {
	return (
		lines(sdp)
			.find(line => line.startsWith(ORDER))
			?.slice(ORDER.length) ?? ""
	);
}

/* Two browsers of one kind offer the same, and then each one's offer is all the other would answer: neither waits for it to be read.
 * The one who was called says theirs as an answer, foretold. */
export function foretold(kind: "offer" | "answer", offer: string): string {
	return inOrder(kind === "answer" ? withRole(offer, "active") : offer, TWIN);
}

export function isForetold(sdp: string): boolean {
	return answersTo(sdp) === TWIN;
}

/* Whether what both have said, not knowing of each other, is an offer and its answer. */
export function areTwins(a: string, b: string): boolean {
	return isForetold(a) && isForetold(b) && agreed(a) === agreed(b);
}

/* A foretold offer, as its answer. */
export function asAnswer(offer: string): string {
	return withRole(offer, "passive");
}

const withRole = (sdp: string, role: "active" | "passive") =>
	sdp.replaceAll("a=setup:actpass", `a=setup:${role}`);

/* What an answer may not differ in. */
function agreed(sdp: string): string {
	return lines(sdp)
		.filter(line => /^(m=|a=(mid|rtpmap|fmtp|rtcp-fb|extmap|group|sendrecv|rtcp-mux))/.test(line))
		.join();
}

/* What a device signs of its offer or answer. */
export function signedText(call: string, kind: "offer" | "answer", sdp: string): string {
	return ["aftertone media 1", call, kind, ...fingerprints(sdp)].join("\n");
}

function lines(sdp: string): readonly string[] {
	return sdp.split(/\r?\n/).filter(line => line !== "");
}

export function sections(sdp: string): { session: string[]; media: string[][] } {
	const session: string[] = [];
	const media: string[][] = [];
	for (const line of lines(sdp)) {
		if (line.startsWith("m=")) media.push([line]);
		else (media.at(-1) ?? session).push(line);
	}
	return { session, media };
}
