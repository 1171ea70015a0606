/* Settings of this device. What was kept by an older or another version is taken over field by field. */
import type { Keep } from "./env.ts";
import type { Prefs } from "./types/settings.ts";

const DEFAULTS: Prefs = {
	theme: "auto",
	contrast: "auto",
	sounds: true,
	shortcuts: true,
	joinMuted: false,
	microphone: "",
	camera: "",
	speed: 1,
	language: "",
};

export function loadPrefs(keep: Keep | null): Prefs {
	const prefs: Record<string, unknown> = { ...DEFAULTS };
	for (const [name, value] of Object.entries(read(keep))) {
		if (name in DEFAULTS && typeof value === typeof prefs[name]) prefs[name] = value;
	}
	if (![1, 1.25, 1.5, 2].includes(Number(prefs.speed))) prefs.speed = 1;
	if (!["auto", "light", "dark"].includes(String(prefs.theme))) prefs.theme = "auto";
	if (!["auto", "more"].includes(String(prefs.contrast))) prefs.contrast = "auto";
	return prefs as unknown as Prefs;
}

export function storePrefs(keep: Keep, prefs: Prefs): void {
	keep.set("prefs", JSON.stringify(prefs));
}

function read(keep: Keep | null): object {
	try {
		const value: unknown = JSON.parse(keep?.get("prefs") ?? "{}");
		return typeof value === "object" && value !== null ? value : {};
	} catch {
		return {};
	}
}
