/** The brand's mark: a voice, and the dot that says it is waiting to be heard. */
export function Mark() {
	return (
		<svg class="brand" viewBox="0 0 64 64" role="img" aria-label="Aftertone">
			<rect class="ground" width="64" height="64" rx="18" />
			<g class="bars">
				<rect x="12" y="27" width="6" height="10" rx="3" />
				<rect x="22" y="18" width="6" height="28" rx="3" />
				<rect x="32" y="24" width="6" height="16" rx="3" />
				<rect x="42" y="29" width="6" height="6" rx="3" />
			</g>
			<circle class="wait" cx="52" cy="32" r="3.6" />
		</svg>
	);
}
