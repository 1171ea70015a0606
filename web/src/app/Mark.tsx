/** The brand's mark: a voice, and the dot that says it is waiting to be heard. */
export function Mark() {
	return (
		<svg class="brand" viewBox="0 0 64 64" role="img" aria-label="Aftertone">
			<rect class="ground" width="64" height="64" rx="18" />
			<g class="bars">
				<rect x="12" y="25" width="6.4" height="14" rx="3.2" />
				<rect x="22.4" y="16" width="6.4" height="32" rx="3.2" />
				<rect x="32.8" y="22" width="6.4" height="20" rx="3.2" />
			</g>
			<circle class="wait" cx="48" cy="32" r="5" />
		</svg>
	);
}
