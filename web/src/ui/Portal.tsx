import { type ComponentChildren, type ContainerNode, render } from "preact";
import { useContext, useLayoutEffect, useRef } from "preact/hooks";
import { AppContext, RouteContext } from "./model.ts";

/* Dialogs live beside the shell, not in it: the shell is inert while one is open. */
export function Portal({ children }: { children: ComponentChildren }) {
	const app = useContext(AppContext);
	const route = useContext(RouteContext);
	const host = useRef<ContainerNode & Element>(null);
	useLayoutEffect(() => {
		const place = document.createElement("div");
		document.body.append(place);
		host.current = place;
		return () => {
			render(null, place);
			place.remove();
		};
	}, []);
	useLayoutEffect(() => {
		if (!host.current) return;
		render(
			<AppContext.Provider value={app}>
				<RouteContext.Provider value={route}>{children}</RouteContext.Provider>
			</AppContext.Provider>,
			host.current,
		);
	});
	return null;
}
