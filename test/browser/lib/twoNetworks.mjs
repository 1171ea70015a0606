// Somebody with two ways to the server, as a phone has Wi-Fi and mobile: two network namespaces with two cables between them, and one of
// the cables can be pulled. Needs root, as the server's `netns` option does.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { own } from "./own.mjs";

const ip = (...words) => execFileSync("ip", words, { stdio: ["ignore", "pipe", "pipe"] });
/* The server's address, behind both cables. */
export const SERVER_IP = "10.77.0.1";

function cable(there, here, n) {
	ip("link", "add", `wire${n}`, "netns", here, "type", "veth", "peer", "name", `wire${n}`, "netns", there);
	ip("-n", there, "addr", "add", `10.77.${n}.1/24`, "dev", `wire${n}`);
	ip("-n", here, "addr", "add", `10.77.${n}.2/24`, "dev", `wire${n}`);
	for (const side of [there, here]) ip("-n", side, "link", "set", `wire${n}`, "up");
	// The first cable is the better one.
	ip("-n", here, "route", "add", `${SERVER_IP}/32`, "via", `10.77.${n}.1`, "metric", String(10 * n));
}

export function twoNetworks() {
	const [there, here] = ["server", "phone"].map((name) => `at-${name}-${process.pid}`);
	for (const name of [there, here]) {
		ip("netns", "add", name);
		own(() => ip("netns", "del", name));
		/* An IPv6 address that is settled a second later is a change of network, which ends what a browser is fetching. */
		ip("netns", "exec", name, "sysctl", "-q", "-w", "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1");
		ip("-n", name, "link", "set", "lo", "up");
	}
	ip("-n", there, "addr", "add", `${SERVER_IP}/32`, "dev", "lo");
	cable(there, here, 1);
	cable(there, here, 2);
	return {
		there,
		here,
		/* As where Wi-Fi ends: its address goes, too. */
		pull(n) {
			ip("-n", here, "addr", "flush", "dev", `wire${n}`);
			ip("-n", here, "link", "set", `wire${n}`, "down");
		},
	};
}

/** A program that is Chromium inside a namespace. */
export function chromiumIn(netns) {
	const dir = mkdtempSync(join(tmpdir(), "aftertone-netns-"));
	const path = join(dir, "chromium");
	own(() => rmSync(dir, { recursive: true, force: true }));
	writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${netns} /usr/bin/chromium "$@"\n`);
	chmodSync(path, 0o755);
	return path;
}
