/* How a screen reaches the models: one context, set by the shell. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { AppModel } from "../state/types/app.ts";

export const AppContext = createContext<AppModel | null>(null);

export function useApp(): AppModel {
	const app = useContext(AppContext);
	if (!app) throw new Error("a screen outside of the shell");
	return app;
}

export interface Router {
	readonly path: string;
	go(path: string): void;
}

export const RouteContext = createContext<Router>({ path: "/", go: () => {} });

export function useRoute(): Router {
	return useContext(RouteContext);
}

/** For verbs started by a click whose outcome the model reports by itself, as a toast or a state. */
export function run(verb: Promise<unknown>): void {
	void verb;
}
