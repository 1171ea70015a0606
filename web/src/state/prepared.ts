/* A connection that is written down before the call is answered: the browser has made it and says what it would offer. Nothing of it is
 * open yet, no address is asked for, and nobody is told before the answer stands. */
import { foretold, signedText } from "../media/sdp.ts";
import type { Peer, Sink, TalkPorts } from "../media/talkPorts.ts";
import type { DeviceKeys } from "./deviceKeys.ts";

export interface Said {
	readonly kind: "offer" | "answer";
	readonly sdp: string;
	readonly sig: string;
}

export class Prepared {
	readonly call: string;
	readonly sink: Sink;
	readonly peer: Peer;
	readonly said: Promise<Said>;

	/* kind: the caller's is an offer. */
	constructor(call: string, kind: "offer" | "answer", ports: TalkPorts, keys: DeviceKeys) {
		this.call = call;
		this.sink = ports.sink();
		this.peer = ports.peer(true, this.sink);
		this.said = this.#write(kind, keys);
		/* Closed meanwhile: nobody asks any more. */
		this.said.catch(() => {});
	}

	close(): void {
		this.peer.close();
		this.sink.close();
	}

	async #write(kind: "offer" | "answer", keys: DeviceKeys): Promise<Said> {
		const sdp = foretold(kind, await this.peer.draft());
		return { kind, sdp, sig: await keys.sign(signedText(this.call, kind, sdp)) };
	}
}
