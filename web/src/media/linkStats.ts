/* What a connection's statistics say of how well it does. */

export interface Counts {
	/* Packets that are lost for good, that came; voice's that were asked for again, that are lost. */
	readonly lost: number;
	readonly got: number;
	readonly asked: number;
	readonly voiceLost: number;
	/* To the server and back; to the other browser and back. */
	readonly rttMs: number | null;
	readonly voiceRttMs: number | null;
}

const total = (of: readonly RTCStats[], name: string) =>
	of.reduce((sum, one) => sum + ((one as unknown as Record<string, number | undefined>)[name] ?? 0), 0);

export function count(stats: RTCStatsReport): Counts {
	let rttMs: number | null = null;
	let voiceRttMs: number | null = null;
	for (const one of stats.values()) {
		if (one.type === "candidate-pair" && one.nominated && one.currentRoundTripTime !== undefined)
			rttMs = one.currentRoundTripTime * 1000;
		else if (one.type === "remote-inbound-rtp" && one.kind === "audio" && one.roundTripTime !== undefined)
			voiceRttMs = one.roundTripTime * 1000;
	}
	const inbound = [...stats.values()].filter(one => one.type === "inbound-rtp");
	const voices = inbound.filter(one => one.kind === "audio");
	return {
		lost: total(inbound, "packetsLost"),
		got: total(inbound, "packetsReceived"),
		asked: total(voices, "nackCount"),
		voiceLost: total(voices, "packetsLost"),
		rttMs,
		voiceRttMs,
	};
}

/* Of what should have come between two looks, 0 to 1. */
export function lossBetween(before: Counts, now: Counts): number {
	const missing = Math.max(0, now.lost - before.lost);
	const all = missing + Math.max(0, now.got - before.got);
	return all === 0 ? 0 : missing / all;
}
