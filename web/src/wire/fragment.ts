/* Binary frames, both ways, integers big-endian: 0x01, rec (16), seg (u16), number (u32), at_ms (u32), bytes. */
import { fromHex, toHex } from "../lib/id.ts";

export const FRAGMENT_HEAD = 27;
const TYPE = 0x01;

export interface Fragment {
	readonly rec: string;
	readonly seg: number;
	/* From 0, in the whole recording. */
	readonly number: number;
	/* Where in the recording it ends. */
	readonly atMs: number;
	readonly bytes: Uint8Array;
}

export function encodeFragment(fragment: Fragment): Uint8Array<ArrayBuffer> {
	const id = fromHex(fragment.rec);
	if (id === null || id.length !== 16) throw new Error("a recording's id is 16 bytes");
	const frame = new Uint8Array(FRAGMENT_HEAD + fragment.bytes.length);
	const view = new DataView(frame.buffer);
	frame[0] = TYPE;
	frame.set(id, 1);
	view.setUint16(17, fragment.seg);
	view.setUint32(19, fragment.number);
	view.setUint32(23, Math.max(0, Math.min(0xffffffff, Math.round(fragment.atMs))));
	frame.set(fragment.bytes, FRAGMENT_HEAD);
	return frame;
}

/* null: not such a frame. */
export function decodeFragment(frame: ArrayBuffer): Fragment | null {
	if (frame.byteLength <= FRAGMENT_HEAD) return null;
	const bytes = new Uint8Array(frame);
	const view = new DataView(frame);
	if (bytes[0] !== TYPE) return null;
	return {
		rec: toHex(bytes.subarray(1, 17)),
		seg: view.getUint16(17),
		number: view.getUint32(19),
		atMs: view.getUint32(23),
		bytes: bytes.subarray(FRAGMENT_HEAD),
	};
}
