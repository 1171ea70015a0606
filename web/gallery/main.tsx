/* For development only: /gallery.html?s=thread&theme=dark&dir=rtl shows one state, without ?s= a list of all. */
import { render } from "preact";
import { App } from "../src/app/App.tsx";
import "../src/app/styles.ts";
import { applyPrefs } from "../src/app/effects.ts";
import { go } from "../src/app/router.ts";
import type { Prefs } from "../src/state/types/settings.ts";
import { fakeApp } from "./fake.ts";
import { states } from "./states.ts";

const query = new URLSearchParams(location.search);
const root = document.getElementById("root");
const name = query.get("s");
const state = name === null ? undefined : states[name];

const TRIES = 40;

/* Screens come when their code does: each button is waited for. */
async function press(names: readonly string[]): Promise<void> {
	const find = (label: string) =>
		[...document.querySelectorAll<HTMLButtonElement>("button")].find(
			button => !button.closest("[inert]") && (button.ariaLabel ?? button.textContent?.trim()) === label,
		);
	/* A call covers the buttons below it, once it is there. */
	const waits = state?.talk !== undefined && !state.talk.elsewhere;
	for (let tries = 0; waits && tries < TRIES && !document.querySelector(".talk"); tries++)
		await new Promise(resolve => setTimeout(resolve, 100));
	for (const label of names) {
		for (let tries = 0; tries < TRIES && !find(label); tries++)
			await new Promise(resolve => setTimeout(resolve, 100));
		await new Promise(resolve => setTimeout(resolve, 60));
		find(label)?.click();
	}
}

if (root && state) {
	const theme = (query.get("theme") ?? "auto") as Prefs["theme"];
	const contrast = (query.get("contrast") ?? "auto") as Prefs["contrast"];
	document.documentElement.dir = query.get("dir") ?? "ltr";
	const model = fakeApp({ ...state, prefs: { theme, contrast } });
	applyPrefs(model.settings.prefs.value);
	go(state.path);
	render(<App model={model} />, root);
	void press(state.press ?? []);
} else if (root) {
	render(
		<ul>
			{Object.keys(states).map(key => (
				<li key={key}>
					<a href={`?s=${key}`}>{key}</a>
				</li>
			))}
		</ul>,
		root,
	);
}
