export interface LiveRegionProps {
	/** `polite` waits for a pause, `assertive` interrupts. An empty text says nothing. */
	polite: string;
	assertive: string;
}

export function LiveRegion({ polite, assertive }: LiveRegionProps) {
	return (
		<div class="sr">
			<div aria-live="polite" aria-atomic="true">
				{polite}
			</div>
			<div role="alert" aria-live="assertive" aria-atomic="true">
				{assertive}
			</div>
		</div>
	);
}
