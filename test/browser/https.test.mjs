// The server's own certificate: what a phone on the same network meets.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Person, pair } from "./lib/person.mjs";
import { read, startServer } from "./lib/server.mjs";

const run = promisify(execFile);

/** Exactly one cookie, and no script and no other host can have it. */
async function assertCookie(person) {
	const cookies = await person.context.cookies();
	const fences = cookies.map(({ name, secure, httpOnly, path, sameSite }) => ({ name, secure, httpOnly, path, sameSite }));
	assert.deepEqual(fences, [{ name: "__Host-at", secure: true, httpOnly: true, path: "/", sameSite: "Lax" }]);
	assert.equal(await person.page.evaluate(() => document.cookie), "");
}

async function verify(server, ...args) {
	const { port } = new URL(server.url);
	const child = run("openssl", ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", "-verify_return_error", ...args]);
	child.child.stdin.end();
	return child;
}

/** Two people on HTTPS: the page is a secure one, its cookie is fenced in, a text goes through. */
async function signInAndText() {
	const server = await startServer({ people: ["Ana", "Ben"], args: ["--tls", "self"] });
	assert.match(server.url, /^https:/);
	const { ana, ben } = await pair(server);
	assert.equal(await ana.page.evaluate(() => isSecureContext), true);
	await ana.say("over a sealed line");
	await ben.messages().getByText("over a sealed line").waitFor();
	await assertCookie(ana);
	await assertCookie(ben);
}

/** The link on the sign-in page gives the root, and the server's chain ends at it. */
async function rootCertificate() {
	const server = await startServer({ people: ["Ana"], args: ["--tls", "self"] });
	const guest = await new Person(server, "Ana").open();
	await guest.page.goto(server.url);
	const link = guest.page.getByRole("link", { name: "certificate" });
	await link.waitFor();
	const [download] = await Promise.all([guest.page.waitForEvent("download"), link.click()]);
	assert.equal(download.suggestedFilename(), "aftertone-ca.pem");
	const pem = read(await download.path());
	assert.match(pem, /^-----BEGIN CERTIFICATE-----/);
	assert.equal(pem, read(join(server.dir, "ca.pem")));
	const trusting = await verify(server, "-CAfile", await download.path(), "-verify_hostname", "localhost");
	assert.match(trusting.stdout, /Verify return code: 0 \(ok\)/);
	await assert.rejects(verify(server, "-CAfile", "/dev/null"), "who does not know the root does not trust it");
	const plain = await fetch(server.url.replace("https:", "http:")).catch(() => null);
	assert.ok(plain === null || plain.status >= 400, "the same port does not speak plain HTTP");
}

export default { signInAndText, rootCertificate };
