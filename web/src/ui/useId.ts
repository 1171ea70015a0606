import { useState } from "preact/hooks";

let last = 0;

/** A name for an element, the only one on the page. Preact's own counts anew whenever a portal is drawn again. */
export function useId(): string {
	const [id] = useState(() => {
		last++;
		return `id-${last}`;
	});
	return id;
}
