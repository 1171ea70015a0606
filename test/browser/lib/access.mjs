// What everybody needs of a page: that axe-core finds nothing serious, and that Tab leads everywhere.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function assertAccessible(person, screen) {
	const { page } = person;
	// What is still fading in has less contrast than it will have.
	await page.evaluate(() =>
		Promise.all(
			document
				.getAnimations()
				.filter((one) => one.playState === "running" && Number.isFinite(one.effect.getComputedTiming().endTime))
				.map((one) => one.finished.catch(() => {})),
		),
	);
	await page.evaluate((source) => {
		// The page forbids scripts made from strings; a test's own world is not the page.
		if (!window.axe) (0, eval)(source);
	}, axe).catch(async () => {
		const cdp = await person.context.newCDPSession(page);
		await cdp.send("Page.setBypassCSP", { enabled: true });
		await cdp.send("Runtime.evaluate", { expression: axe });
	});
	const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
	const serious = found.violations.filter((violation) => ["serious", "critical"].includes(violation.impact));
	assert.equal(serious.length, 0, `${screen}: ${serious.map((violation) => `${violation.id} (${violation.nodes.map((node) => node.target.join(" ")).slice(0, 3).join("; ")})`).join(", ")}`);
}

export async function tabTo(page, role, name, most = 60) {
	const wanted = page.getByRole(role, { name, exact: true }).first();
	await wanted.waitFor();
	for (let i = 0; i < most; i += 1) {
		if (await wanted.evaluate((node) => node === document.activeElement)) return;
		await page.keyboard.press("Tab");
	}
	throw new Error(`${role} "${name}" cannot be reached with Tab`);
}
