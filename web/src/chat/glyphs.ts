/* The brand's own glyph: a voice as five rounded bars. */
import type { IconNode } from "lucide";

export const Waves: IconNode = [
	["path", { d: "M3 10.5v3" }],
	["path", { d: "M7.5 6.5v11" }],
	["path", { d: "M12 9v6" }],
	["path", { d: "M16.5 4v16" }],
	["path", { d: "M21 10v4" }],
];
