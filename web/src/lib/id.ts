export type Random = (bytes: number) => Uint8Array;

const HEX = "0123456789abcdef";

/* 128 random bits as 32 lower-case hex digits: calls and recordings are named by their client. */
export function newId(random: Random): string {
	return toHex(random(16));
}

export function toHex(bytes: Uint8Array): string {
	let text = "";
	for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
	return text;
}

/* null when it is not hex of whole bytes. */
export function fromHex(text: string): Uint8Array | null {
	if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return null;
	const bytes = new Uint8Array(text.length / 2);
	for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
	return bytes;
}
