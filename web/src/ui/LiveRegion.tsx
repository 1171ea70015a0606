export interface LiveRegionProps {
	text: string;
	/* Interrupts what is being read: an incoming call. */
	urgent: boolean;
}

/** What is spoken. Both regions are always there, as screen readers want it; one at a time has words. */
export function LiveRegion({ text, urgent }: LiveRegionProps) {
	return (
		<div class="sr">
			<div aria-live="polite" aria-atomic="true">
				{urgent ? "" : text}
			</div>
			<div role="alert" aria-live="assertive" aria-atomic="true">
				{urgent ? text : ""}
			</div>
		</div>
	);
}
