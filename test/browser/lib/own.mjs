// What a test has started, ended in reverse order when it is over, whatever happened.
const ends = [];

/** @param {(failed: boolean) => Promise<void> | void} end */
export function own(end) {
	ends.push(end);
}

export async function endAll(failed = false) {
	while (ends.length > 0) {
		try {
			await ends.pop()(failed);
		} catch (error) {
			console.log(`     while ending: ${error.message}`);
		}
	}
}

/** Polls until `check` gives something true; a slow machine only makes it take longer. */
export async function until(what, check, limitMs = 30_000) {
	const deadline = Date.now() + limitMs;
	let last;
	for (;;) {
		try {
			last = await check();
			if (last) return last;
		} catch (error) {
			last = error;
		}
		if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s for: ${what}; last: ${last instanceof Error ? last.message.split("\n")[0] : JSON.stringify(last)}`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
