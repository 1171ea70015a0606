import { useEffect, useState } from "preact/hooks";

const PHONE = "(width <= 640px)";

/** True while the window is as narrow as a phone. */
export function useNarrow(): boolean {
	const [narrow, setNarrow] = useState(() => matchMedia(PHONE).matches);
	useEffect(() => {
		const media = matchMedia(PHONE);
		const tell = () => setNarrow(media.matches);
		media.addEventListener("change", tell);
		return () => media.removeEventListener("change", tell);
	}, []);
	return narrow;
}
