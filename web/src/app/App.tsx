import { toastText } from "../i18n/errors.ts";
import { t } from "../i18n/text.ts";
import { chatOfPath } from "../lib/routes.ts";
import type { AppModel } from "../state/types/app.ts";
import { LiveRegion } from "../ui/LiveRegion.tsx";
import { AppContext, RouteContext, useApp, useRoute } from "../ui/model.ts";
import { type ToastItem, Toasts } from "../ui/Toasts.tsx";
import { EntryPage } from "./later.ts";
import { Mark } from "./Mark.tsx";
import { useRouter } from "./router.ts";
import { Shell } from "./Shell.tsx";

function actionName(name: "undo" | "retry" | "callBack"): string {
	switch (name) {
		case "undo":
			return t("undo");
		case "retry":
			return t("retry");
		case "callBack":
			return t("call-back");
	}
}

function ToastHost() {
	const app = useApp();
	const { path } = useRoute();
	/* In an open chat the sent note itself is to be seen. */
	const shown = app.toasts.value.filter(toast => toast.what.type !== "noteSent" || chatOfPath(path) === null);
	const items = shown.map((toast): ToastItem => {
		const item = { id: toast.id, text: toastText(toast) };
		if (!toast.action) return item;
		const label = actionName(toast.action.name);
		return { ...item, action: { label, run: toast.action.run } };
	});
	return <Toasts items={items} closeLabel={t("dismiss")} onClose={id => app.dismiss(Number(id))} />;
}

function Screen() {
	const app = useApp();
	const session = app.session.value;
	switch (session.state) {
		case "loading":
			return (
				<main class="entry" id="shell" aria-busy="true">
					<span class="sr" role="status">
						{t("loading")}
					</span>
					<Mark />
				</main>
			);
		case "signedOut":
			return <EntryPage view={session} />;
		case "signedIn":
			return <Shell />;
	}
}

/** Everything there is to see. Toasts and spoken texts stand beside the screens, so that a modal screen does not silence them. */
export function App({ model }: { model: AppModel }) {
	const router = useRouter();
	return (
		<AppContext.Provider value={model}>
			<RouteContext.Provider value={router}>
				<Screen />
				<ToastHost />
				<LiveRegion
					text={model.spoken.value}
					urgent={model.calls.incoming.value.length + model.rooms.incoming.value.length > 0}
				/>
			</RouteContext.Provider>
		</AppContext.Provider>
	);
}
