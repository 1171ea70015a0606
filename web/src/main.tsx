import { render } from "preact";
import { App } from "./app/App.tsx";
import { pageEffects } from "./app/effects.ts";
import "./app/styles.ts";
import { words } from "./i18n/words.ts";
import { startBrowserApp } from "./state/browser.ts";

const root = document.getElementById("root");
if (root) {
	const model = startBrowserApp(words);
	pageEffects(model);
	render(<App model={model} />, root);
}
