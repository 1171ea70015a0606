import { useEffect, useState } from "preact/hooks";
import * as format from "../i18n/format.ts";

export function Timer({ ms }: { ms: number }) {
	return <span class="timer">{format.length(ms)}</span>;
}

/** Counts up from a moment. Silent for screen readers: a clock that speaks is noise. */
export function ClockSince({ ts }: { ts: number }) {
	const [now, setNow] = useState(Date.now());
	useEffect(() => {
		const ticker = setInterval(() => setNow(Date.now()), 500);
		return () => clearInterval(ticker);
	}, []);
	return (
		<span class="timer" role="timer" aria-live="off">
			{format.length(now - ts)}
		</span>
	);
}
