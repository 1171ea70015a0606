/* Signing in and out: the few things that are not on the socket. */
import {
	BAD,
	bool,
	type Decode,
	type Decoded,
	isRecord,
	object,
	orElse,
	orNull,
	positive,
	text,
} from "./decode.ts";
import { failure, isServerCode, type Result } from "./errors.ts";

export interface HttpAnswer {
	readonly status: number;
	json(): Promise<unknown>;
}
export type Fetch = (
	url: string,
	init: {
		method: string;
		headers: Record<string, string>;
		body?: string;
		credentials: "same-origin";
		cache: "no-store";
	},
) => Promise<HttpAnswer>;

const about = object({ name: text(256), version: text(64), first_run: orElse(bool, false) });
export type About = Decoded<typeof about>;

const session = object({
	user: positive,
	username: text(1024),
	name: text(1024),
	device: positive,
	admin: orElse(bool, false),
	token: text(1024),
});
export type Session = Decoded<typeof session>;

const inviter: Decode<string | null> = x => {
	if (isRecord(x)) return typeof x.name === "string" ? x.name : null;
	return orNull(text(1024))(x);
};
const invite = object({ admin: orElse(bool, false), from: inviter });
const signed = object({ user: positive, device: positive });
const nothing = object({});

export class Http {
	readonly #fetch: Fetch;

	constructor(fetch: Fetch) {
		this.#fetch = fetch;
	}

	about(): Promise<Result<About>> {
		return this.#ask("GET", "/api/about", null, about);
	}

	session(): Promise<Result<Session>> {
		return this.#ask("GET", "/api/session", null, session);
	}

	signIn(username: string, password: string, device: string): Promise<Result> {
		return this.#ask("POST", "/api/signin", { username, password, device }, signed);
	}

	join(args: {
		token: string;
		username: string;
		name: string;
		password: string;
		device: string;
	}): Promise<Result> {
		return this.#ask("POST", "/api/join", args, signed);
	}

	link(token: string, device: string): Promise<Result> {
		return this.#ask("POST", "/api/link", { token, device }, signed);
	}

	invite(token: string): Promise<Result<Decoded<typeof invite>>> {
		return this.#ask("POST", "/api/invite", { token }, invite);
	}

	signOut(): Promise<Result> {
		return this.#ask("POST", "/api/signout", {}, nothing);
	}

	async #ask<T extends object>(
		method: string,
		url: string,
		body: object | null,
		decode: Decode<T>,
	): Promise<Result<T>> {
		let answer: HttpAnswer;
		let json: unknown;
		try {
			answer = await this.#fetch(url, {
				method,
				headers: body === null ? {} : { "content-type": "application/json" },
				...(body === null ? {} : { body: JSON.stringify(body) }),
				credentials: "same-origin",
				cache: "no-store",
			});
			json = await answer.json();
		} catch {
			/* No connection, or something in between that answers in its own words. */
			return failure("offline");
		}
		if (answer.status === 200) {
			const value = decode(json);
			return value === BAD ? failure("bad_answer") : { ok: true, ...value };
		}
		const err = isRecord(json) && isServerCode(json.err) ? json.err : "unavailable";
		const retry = isRecord(json) && typeof json.retry_ms === "number" ? json.retry_ms : undefined;
		return failure(err, retry);
	}
}
