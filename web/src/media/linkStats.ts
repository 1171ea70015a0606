/* What a connection's statistics say of how well it does. */

export interface Counts {
	/* Packets that are lost for good, that came, that were asked for again. */
	readonly lost: number;
	readonly got: number;
	readonly asked: number;
	/* To the server and back; to the other browser and back. */
	readonly rttMs: number | null;
	readonly voiceRttMs: number | null;
}

export function count(stats: RTCStatsReport): Counts {
	let [lost, got, asked] = [0, 0, 0];
	let rttMs: number | null = null;
	let voiceRttMs: number | null = null;
	for (const one of stats.values()) {
		if (one.type === "inbound-rtp") {
			lost += one.packetsLost ?? 0;
			got += one.packetsReceived ?? 0;
			if (one.kind === "audio") asked += one.nackCount ?? 0;
		} else if (one.type === "candidate-pair" && one.nominated && one.currentRoundTripTime !== undefined)
			rttMs = one.currentRoundTripTime * 1000;
		else if (one.type === "remote-inbound-rtp" && one.kind === "audio" && one.roundTripTime !== undefined)
			voiceRttMs = one.roundTripTime * 1000;
	}
	return { lost, got, asked, rttMs, voiceRttMs };
}

/* Of what should have come between two looks, 0 to 1. */
export function lossBetween(before: Counts, now: Counts): number {
	const missing = Math.max(0, now.lost - before.lost);
	const all = missing + Math.max(0, now.got - before.got);
	return all === 0 ? 0 : missing / all;
}
