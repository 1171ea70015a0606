/* The service worker: keeps the shell so that the client starts without a network, shows and opens notifications. It never touches
 * /api, /ws, /media or /rec: those are the server's, and private. */
export {};

declare const self: ServiceWorkerGlobalScope;

interface Shell {
	readonly version: string;
	readonly files: readonly string[];
}

/* Written by the build, see vite.config.ts. */
const SHELL: Shell = JSON.parse("__SHELL__");
const CACHE = `shell-${SHELL.version}`;
const INDEX = "/index.html";

self.addEventListener("install", event => {
	event.waitUntil(install());
});

self.addEventListener("activate", event => {
	event.waitUntil(activate());
});

self.addEventListener("fetch", event => {
	const { request } = event;
	const url = new URL(request.url);
	if (request.method !== "GET" || url.origin !== self.location.origin) return;
	if (request.mode === "navigate") event.respondWith(page(request, url));
	else if (url.pathname.startsWith("/assets/") || SHELL.files.includes(url.pathname))
		event.respondWith(file(request));
});

self.addEventListener("notificationclick", event => {
	event.notification.close();
	const data: unknown = event.notification.data;
	const conv = typeof data === "object" && data !== null && "conv" in data ? data.conv : null;
	event.waitUntil(open(typeof conv === "number" ? conv : null));
});

async function install(): Promise<void> {
	const cache = await caches.open(CACHE);
	/* "reload": past the browser's own cache, so that a new shell is never made of old files. */
	await cache.addAll(SHELL.files.map(name => new Request(name, { cache: "reload" })));
	await self.skipWaiting();
}

async function activate(): Promise<void> {
	for (const name of await caches.keys())
		if (name.startsWith("shell-") && name !== CACHE) await caches.delete(name);
	await self.clients.claim();
}

/* The newest page while there is a network; hashed names make sure that it finds files of its own age. */
async function page(request: Request, url: URL): Promise<Response> {
	const ours = !/^\/(api|ws|media|rec)(\/|$)/.test(url.pathname) && !url.pathname.includes(".");
	try {
		return await fetch(request);
	} catch (error) {
		const kept = ours ? await caches.match(INDEX) : undefined;
		if (kept === undefined) throw error;
		return kept;
	}
}

async function file(request: Request): Promise<Response> {
	return (await caches.match(request, { ignoreSearch: true })) ?? fetch(request);
}

async function open(conv: number | null): Promise<void> {
	const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
	const [first] = windows;
	if (first === undefined) {
		await self.clients.openWindow(conv === null ? "/" : `/c/${conv}`);
		return;
	}
	if (conv !== null) first.postMessage({ open: conv });
	await first.focus();
}
