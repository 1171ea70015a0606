/* How well a connection does, from one look at its statistics to the next. */
import type { LinkStats } from "./talkPorts.ts";

export class Stats {
	#before: { lost: number; got: number } | null = null;

	async of(pc: RTCPeerConnection): Promise<LinkStats> {
		let lost = 0;
		let got = 0;
		let rttMs: number | null = null;
		for (const one of (await pc.getStats()).values()) {
			if (one.type === "inbound-rtp") {
				lost += one.packetsLost ?? 0;
				got += one.packetsReceived ?? 0;
			} else if (one.type === "candidate-pair" && one.nominated && one.currentRoundTripTime !== undefined)
				rttMs = one.currentRoundTripTime * 1000;
		}
		const before = this.#before ?? { lost, got };
		this.#before = { lost, got };
		const missing = Math.max(0, lost - before.lost);
		const all = missing + Math.max(0, got - before.got);
		return { lost: all === 0 ? 0 : missing / all, rttMs };
	}
}
