/* Lays a WebM recording's blocks into clusters that begin with a key frame, as the bytes come. Recorders begin one whenever it suits them,
 * and Firefox's MediaSource drops every picture from the beginning of such a one to the next key frame. Of the container only what the
 * blocks need is kept. RFC 9559 (Matroska), RFC 8794 (EBML); the bytes are a peer's, nothing in them is believed. */
const EBML = 0x1a45dfa3;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;
const TIMESTAMP = 0xe7;
const SIMPLE_BLOCK = 0xa3;
const BLOCK_GROUP = 0xa0;
const BLOCK = 0xa1;
const REFERENCE_BLOCK = 0xfb;
const TRACK_ENTRY = 0xae;
const TRACK_NUMBER = 0xd7;
const TRACK_TYPE = 0x83;

const UNKNOWN = -1;
const ELEMENT_MAX = 4 * 1024 * 1024;
const REL_MIN = -0x8000;
const REL_MAX = 0x7fff;
const NO_BYTES = new Uint8Array(0);

interface Element {
	readonly id: number;
	/* Where its content begins, in the array it was read from. */
	readonly from: number;
	/* UNKNOWN: up to where something begins that cannot be in it. Infinity: this is no element. */
	readonly size: number;
}

interface Block {
	readonly track: number;
	readonly isKey: boolean;
	/* Where its time stands, in its element. */
	readonly timeAt: number;
}

export class WebmClusters {
	#held: Uint8Array = NO_BYTES;
	#out: Uint8Array[] = [];
	#video = -1;
	/* Time of the cluster that is read, and of the one that is written; null = none yet. */
	#readTime = 0;
	#time: number | null = null;

	/* What of it can be appended now; null: this is no such recording. */
	push(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
		const data = joined([this.#held, bytes]);
		let at = 0;
		for (;;) {
			const element = header(data, at);
			if (element === null) break;
			const { id, from, size } = element;
			if (id === SEGMENT || id === CLUSTER) {
				if (id === SEGMENT) this.#out.push(opened(SEGMENT));
				at = from;
				continue;
			}
			if (size === UNKNOWN || size > ELEMENT_MAX) return null;
			if (from + size > data.length) break;
			if (!this.#take(id, data.subarray(at, from + size), from - at)) return null;
			at = from + size;
		}
		this.#held = data.slice(at);
		const out = joined(this.#out);
		this.#out = [];
		return out;
	}

	/* `head`: the length of the element's own id and size. */
	#take(id: number, whole: Uint8Array, head: number): boolean {
		switch (id) {
			case TRACKS:
				this.#video = videoTrack(whole.subarray(head));
				this.#out.push(whole);
				return true;
			case EBML:
			case INFO:
				this.#out.push(whole);
				return true;
			case TIMESTAMP:
				this.#readTime = uint(whole.subarray(head));
				return true;
			case SIMPLE_BLOCK:
			case BLOCK_GROUP:
				return this.#block(whole, id === SIMPLE_BLOCK ? simpleBlock(whole, head) : blockGroup(whole, head));
			default:
				/* Indexes and places of the recorder's own layout mean nothing here. */
				return true;
		}
	}

	#block(whole: Uint8Array, block: Block | null): boolean {
		if (block === null) return false;
		const copy = whole.slice();
		const view = new DataView(copy.buffer);
		const time = this.#readTime + view.getInt16(block.timeAt);
		if (!Number.isSafeInteger(time)) return false;
		const begins = block.isKey && block.track === this.#video;
		if (this.#time === null || begins || !fits(time - this.#time)) {
			this.#time = Math.max(0, time);
			this.#out.push(opened(CLUSTER), timestamp(this.#time));
		}
		view.setInt16(block.timeAt, time - this.#time);
		this.#out.push(copy);
		return true;
	}
}

function fits(relative: number): boolean {
	return relative >= REL_MIN && relative <= REL_MAX;
}

/* ---- EBML ---- */

/* Length of the id or size that begins with this byte; 0 = none begins so. */
function lengthOf(first: number): number {
	return first === 0 ? 0 : Math.clz32(first) - 23;
}

/* null: not all of it is here yet. */
function header(data: Uint8Array, at: number): Element | null {
	const idLength = lengthOf(data[at] ?? 0x80);
	const sizeLength = lengthOf(data[at + idLength] ?? 0x80);
	const from = at + idLength + sizeLength;
	if (idLength < 1 || idLength > 4 || sizeLength < 1) return { id: 0, from, size: Number.POSITIVE_INFINITY };
	if (from > data.length) return null;
	const coded = data.slice(at + idLength, from);
	const isUnknown = coded.every((byte, i) => byte === (i === 0 ? 0x1ff >> sizeLength : 0xff));
	coded[0] = (coded[0] ?? 0) & (0xff >> sizeLength);
	const id = uint(data.subarray(at, at + idLength));
	return { id, from, size: isUnknown ? UNKNOWN : uint(coded) };
}

function uint(bytes: Uint8Array): number {
	let value = 0;
	for (const byte of bytes) value = value * 256 + byte;
	return value;
}

/* The elements within, as far as they are whole. */
function* within(data: Uint8Array, from: number): Generator<Element> {
	for (let at = from; at < data.length; ) {
		const element = header(data, at);
		if (element === null || element.size === UNKNOWN || element.from + element.size > data.length) return;
		yield element;
		at = element.from + element.size;
	}
}

function videoTrack(tracks: Uint8Array): number {
	for (const entry of within(tracks, 0)) {
		if (entry.id !== TRACK_ENTRY) continue;
		const content = tracks.subarray(entry.from, entry.from + entry.size);
		let number = -1;
		let type = 0;
		for (const { id, from, size } of within(content, 0)) {
			if (id === TRACK_NUMBER) number = uint(content.subarray(from, from + size));
			else if (id === TRACK_TYPE) type = uint(content.subarray(from, from + size));
		}
		if (type === 1) return number;
	}
	return -1;
}

/* ---- blocks ---- */

/* A block's content: track, time (2), flags (1), frames. */
function blockAt(data: Uint8Array, from: number, isKey: (flags: number) => boolean): Block | null {
	const trackLength = lengthOf(data[from] ?? 0);
	const timeAt = from + trackLength;
	const flags = data[timeAt + 2];
	if (trackLength === 0 || flags === undefined) return null;
	const track = uint(data.subarray(from, timeAt)) - 2 ** (7 * trackLength);
	return { track, timeAt, isKey: isKey(flags) };
}

function simpleBlock(data: Uint8Array, head: number): Block | null {
	return blockAt(data, head, flags => (flags & 0x80) !== 0);
}

function blockGroup(data: Uint8Array, head: number): Block | null {
	const parts = [...within(data, head)];
	const block = parts.find(part => part.id === BLOCK);
	const refers = parts.some(part => part.id === REFERENCE_BLOCK);
	return block === undefined ? null : blockAt(data, block.from, () => !refers);
}

/* ---- writing ---- */

/* The beginning of an element whose end is not known. */
function opened(id: number): Uint8Array {
	const bytes = new Uint8Array(12).fill(0xff);
	new DataView(bytes.buffer).setUint32(0, id);
	bytes[4] = 0x01;
	return bytes;
}

function timestamp(time: number): Uint8Array {
	const bytes = new Uint8Array(10);
	const view = new DataView(bytes.buffer);
	bytes.set([TIMESTAMP, 0x88]);
	view.setBigUint64(2, BigInt(time));
	return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
	const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
	let at = 0;
	for (const part of parts) {
		all.set(part, at);
		at += part.length;
	}
	return all;
}
