/* Notifications and the service worker that shows them. */
import { chatPath } from "../lib/routes.ts";
import type { NotifyPort } from "./env.ts";
import type { NotifyState } from "./types/settings.ts";

export interface Worker {
	readonly registration: Promise<ServiceWorkerRegistration | null>;
	onOpen(fn: (conv: number) => void): () => void;
	onUpdate(fn: () => void): void;
}

interface ScriptUrls {
	createScriptURL(url: string): string;
}
interface TrustedTypes {
	createPolicy(name: string, rules: { createScriptURL(url: string): string }): ScriptUrls;
}

const WORKER_URL = "/sw.js";

export function startWorker(): Worker {
	const container = "serviceWorker" in navigator && import.meta.env.PROD ? navigator.serviceWorker : null;
	const registration = container === null ? Promise.resolve(null) : register(container);
	return {
		registration,
		onOpen(fn) {
			const listener = (event: MessageEvent) => {
				const data: unknown = event.data;
				const open = typeof data === "object" && data !== null && "open" in data ? data.open : null;
				if (typeof open === "number") fn(open);
			};
			container?.addEventListener("message", listener);
			return () => container?.removeEventListener("message", listener);
		},
		onUpdate(fn) {
			/* The first worker of a page is not an update. */
			const had = container !== null && container.controller !== null;
			container?.addEventListener("controllerchange", () => {
				if (had) fn();
			});
		},
	};
}

async function register(container: ServiceWorkerContainer): Promise<ServiceWorkerRegistration | null> {
	try {
		return await container.register(trusted(WORKER_URL), { scope: "/" });
	} catch {
		return null;
	}
}

/* With require-trusted-types-for 'script' the address of a worker has to come from a policy; this one knows a single address. */
function trusted(url: string): string {
	const types: TrustedTypes | undefined = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
	if (types === undefined) return url;
	const policy = types.createPolicy("aftertone", {
		createScriptURL: asked => {
			if (asked !== WORKER_URL) throw new TypeError("not an address of ours");
			return asked;
		},
	});
	return policy.createScriptURL(url);
}

export function browserNotify(registration: Promise<ServiceWorkerRegistration | null>): NotifyPort {
	const supported = typeof Notification !== "undefined";
	const plain = new Map<string, Notification>();
	return {
		get state() {
			return supported ? stateOf(Notification.permission) : "unsupported";
		},
		async ask() {
			return supported ? stateOf(await Notification.requestPermission()) : "unsupported";
		},
		show({ tag, title, conv, ringing }) {
			if (!supported || Notification.permission !== "granted") return;
			const options = {
				tag,
				data: { conv },
				icon: "/icon-192.png",
				requireInteraction: ringing,
				renotify: true,
			};
			void registration.then(async found => {
				if (found !== null) {
					await found.showNotification(title, options);
					return;
				}
				const notification = new Notification(title, options);
				notification.onclick = () => {
					window.focus();
					history.pushState(null, "", chatPath(conv));
					dispatchEvent(new PopStateEvent("popstate"));
				};
				plain.set(tag, notification);
			}, nothing);
		},
		close(tag) {
			plain.get(tag)?.close();
			plain.delete(tag);
			void registration.then(async found => {
				for (const notification of (await found?.getNotifications({ tag })) ?? []) notification.close();
			}, nothing);
		},
	};
}

const nothing = () => {};

function stateOf(permission: NotificationPermission): NotifyState {
	if (permission === "granted") return "on";
	return permission === "denied" ? "blocked" : "off";
}
