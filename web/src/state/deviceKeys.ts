/* The key of this device and those of others. Ours signs what our calls connect with, and never leaves the browser; theirs are
 * remembered, so that neither the server nor anybody on the way can put another in their place unnoticed. */
import { fromBase64Url, toBase64Url } from "../media/base64.ts";
import type { Core } from "./core.ts";
import type { Trust } from "./types/talk.ts";

interface OwnKey {
	readonly privateKey: CryptoKey;
	readonly publicKey: string;
}

type Pins = Readonly<Record<string, string>>;

const NAME = "Ed25519";
const GROUPS = 6;

export class DeviceKeys {
	readonly #core: Core;
	#own: Promise<OwnKey | null> | null = null;

	constructor(core: Core) {
		this.#core = core;
	}

	/* Makes the key where there is none, and tells the server. null: this browser cannot. */
	ready(): Promise<OwnKey | null> {
		this.#own ??= this.#load().catch(() => null);
		return this.#own;
	}

	/* "" = cannot. */
	async sign(text: string): Promise<string> {
		const own = await this.ready();
		if (own === null) return "";
		const signature = await crypto.subtle.sign(NAME, own.privateKey, new TextEncoder().encode(text));
		return toBase64Url(new Uint8Array(signature));
	}

	async judge(of: Signed): Promise<Trust> {
		const pinned = (await this.#pins(of.user))[String(of.device)];
		if (of.key === null || !(await verify(of.key, of.sig, of.text)))
			return pinned !== undefined && of.key !== null && of.key !== pinned ? "changed" : "unverified";
		if (pinned === undefined) {
			await this.pin(of.user, of.device, of.key);
			return "new";
		}
		return pinned === of.key ? "verified" : "changed";
	}

	async pin(user: number, device: number, key: string): Promise<void> {
		const pins = { ...(await this.#pins(user)), [String(device)]: key };
		await this.#core.env.storage.put("kv", ["peerKeys", user], pins);
	}

	/* Thirty digits from what both connect with: whoever sat between them would have shown each another fingerprint. */
	async safetyCode(a: readonly string[], b: readonly string[]): Promise<string> {
		const sides = [a.join("\n"), b.join("\n")].sort();
		const text = new TextEncoder().encode(["aftertone safety 1", ...sides].join("\n"));
		return digits(new Uint8Array(await crypto.subtle.digest("SHA-256", text)));
	}

	async #pins(user: number): Promise<Pins> {
		return ((await this.#core.env.storage.get("kv", ["peerKeys", user])) as Pins | undefined) ?? {};
	}

	async #load(): Promise<OwnKey | null> {
		const { storage } = this.#core.env;
		const key = ["deviceKey", this.#core.device.value];
		let own = (await storage.get("kv", key)) as OwnKey | undefined;
		if (own === undefined) {
			own = await generate();
			/* A key that is gone after the page is would look like another device each time. */
			if (!(await storage.put("kv", key, own))) return null;
		}
		void this.#core.tell("key.set", { key: own.publicKey }, { again: true });
		return own;
	}
}

export interface Signed {
	readonly user: number;
	readonly device: number;
	readonly key: string | null;
	readonly sig: string;
	readonly text: string;
}

async function generate(): Promise<OwnKey> {
	const pair = (await crypto.subtle.generateKey(NAME, false, ["sign", "verify"])) as CryptoKeyPair;
	const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
	return { privateKey: pair.privateKey, publicKey: toBase64Url(new Uint8Array(raw)) };
}

async function verify(key: string, sig: string, text: string): Promise<boolean> {
	const bytes = fromBase64Url(key);
	const signature = fromBase64Url(sig);
	if (bytes === null || signature === null || signature.length !== 64) return false;
	try {
		const imported = await crypto.subtle.importKey("raw", bytes, NAME, false, ["verify"]);
		return await crypto.subtle.verify(NAME, imported, signature, new TextEncoder().encode(text));
	} catch {
		return false;
	}
}

function digits(hash: Uint8Array): string {
	const groups: string[] = [];
	for (let i = 0; i < GROUPS; i++) {
		let n = 0;
		for (const byte of hash.subarray(i * 5, i * 5 + 5)) n = n * 256 + byte;
		groups.push(String(n % 100_000).padStart(5, "0"));
	}
	return groups.join(" ");
}
