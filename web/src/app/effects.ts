/* What the shell does to the page itself: theme, language, title. */
import { effect } from "@preact/signals";
import { setLocale } from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import type { AppModel } from "../state/types/app.ts";
import type { Prefs } from "../state/types/settings.ts";

const FLASH_MS = 1000;

export function applyPrefs(prefs: Prefs): void {
	const root = document.documentElement;
	if (prefs.theme === "auto") root.removeAttribute("data-theme");
	else root.dataset.theme = prefs.theme;
	if (prefs.contrast === "auto") root.removeAttribute("data-contrast");
	else root.dataset.contrast = prefs.contrast;
	setLocale(prefs.language);
}

function flashTitle(app: AppModel): () => void {
	let ticker: ReturnType<typeof setInterval> | undefined;
	const stop = effect(() => {
		clearInterval(ticker);
		const flash = app.flash.value;
		const unread = app.session.value.state === "signedIn" ? app.chats.unreadTotal.value : 0;
		const plain = unread > 0 ? `(${unread}) ${t("app-name")}` : t("app-name");
		document.title = flash ?? plain;
		if (flash === null) return;
		let on = true;
		ticker = setInterval(() => {
			on = !on;
			document.title = on ? flash : plain;
		}, FLASH_MS);
	});
	return () => {
		clearInterval(ticker);
		stop();
	};
}

/** Ctrl or Cmd + Shift + R records for the open chat. */
export function recordShortcut(app: AppModel, openChat: () => number | null): () => void {
	const listen = (event: KeyboardEvent) => {
		const wanted =
			(event.key.toLowerCase() === "r" || event.code === "KeyR") &&
			event.shiftKey &&
			(event.ctrlKey || event.metaKey);
		const conv = openChat();
		if (!wanted || conv === null || !app.settings.prefs.value.shortcuts) return;
		event.preventDefault();
		if (app.recorder.view.value.state === "idle") void app.recorder.start(conv, "voice");
	};
	document.addEventListener("keydown", listen);
	return () => document.removeEventListener("keydown", listen);
}

export function pageEffects(app: AppModel): () => void {
	const stopPrefs = effect(() => applyPrefs(app.settings.prefs.value));
	const stopTitle = flashTitle(app);
	return () => {
		stopPrefs();
		stopTitle();
	};
}
