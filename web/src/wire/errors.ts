/* The names of everything that can go wrong. The first group is the server's (docs/protocol.md), the second is known to the client alone. */
export const SERVER_CODES = [
	"bad_request",
	"unknown_command",
	"too_large",
	"rate_limited",
	"unauthorized",
	"not_found",
	"exists",
	"conflict",
	"gone",
	"busy",
	"full",
	"unreadable",
	"too_short",
	"unsupported",
	"timeout",
	"unavailable",
	"closed",
	"maybe",
	"internal",
] as const;

export type ServerCode = (typeof SERVER_CODES)[number];

/* offline: not asked, there is no connection. storage: the browser refuses to keep bytes. denied, no_device, in_use: microphone or
 * camera. bad_answer: the server said something the protocol does not know. */
export type ClientCode = "offline" | "storage" | "denied" | "no_device" | "in_use" | "bad_answer";

export type ErrorCode = ServerCode | ClientCode;

export type Failure = { ok: false; code: ErrorCode; retryMs?: number };
export type Result<T extends object = object> = ({ ok: true } & T) | Failure;

const known: ReadonlySet<string> = new Set(SERVER_CODES);

export function isServerCode(name: unknown): name is ServerCode {
	return typeof name === "string" && known.has(name);
}

export function failure(code: ErrorCode, retryMs?: number): Failure {
	return retryMs === undefined ? { ok: false, code } : { ok: false, code, retryMs };
}
