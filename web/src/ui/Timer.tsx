import { useEffect, useRef, useState } from "preact/hooks";
import * as format from "../i18n/format.ts";

export function Timer({ ms }: { ms: number }) {
	return <span class="timer">{format.length(ms)}</span>;
}

/** Goes on counting from what was last heard, while it runs. */
export function RunningTimer({ ms, running }: { ms: number; running: boolean }) {
	const heard = useRef({ ms, at: Date.now() });
	const [, tick] = useState(0);
	if (heard.current.ms !== ms) heard.current = { ms, at: Date.now() };
	useEffect(() => {
		if (!running) return;
		const ticker = setInterval(() => tick(count => count + 1), 500);
		return () => clearInterval(ticker);
	}, [running]);
	return <Timer ms={running ? ms + Date.now() - heard.current.at : ms} />;
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
