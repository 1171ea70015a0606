/* What only a call needs, in a file of its own that is loaded when the page has come to rest. */
import { browserTalk } from "../media/browserTalk.ts";
import { DeviceKeys } from "./deviceKeys.ts";
import type { TalkKit } from "./env.ts";
import { Prepared } from "./prepared.ts";
import { Talk } from "./talk.ts";

export function talkKit(): TalkKit {
	return { ports: browserTalk(), Talk, DeviceKeys, Prepared };
}
