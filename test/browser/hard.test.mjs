// Hard days: calls through a network that loses, delays and moves, which is our own proxy.
import assert from "node:assert/strict";
import { answer, opened, ringAll } from "./lib/garden.mjs";
import { behindBadNetwork, voiceStats } from "./lib/impair.mjs";
import { sleep, until } from "./lib/own.mjs";
import { pair, signedIn } from "./lib/person.mjs";
import { group, hearsAll } from "./lib/room.mjs";
import { startServer } from "./lib/server.mjs";
import { callRegion, connections, hears, sees, talking } from "./lib/talk.mjs";
import { chromiumIn, SERVER_IP, twoNetworks } from "./lib/twoNetworks.mjs";

const quick = { ring_seconds: 20, ring_stop_seconds: 30, pair_rings: 50, unanswered_a_day: 50 };

async function started() {
	const { server, net } = await behindBadNetwork({ people: ["Ana", "Ben"], set: quick });
	return { server, net, ...(await pair(server)) };
}

async function calling(kind = "voice") {
	const all = await started();
	await talking(all.ana, all.ben, kind);
	await hears(all.ben, 660);
	await hears(all.ana, 880);
	return all;
}

/** The share of what was played in `ms` that had to be made up. */
async function concealed(person, ms) {
	const before = await voiceStats(person);
	await sleep(ms);
	const after = await voiceStats(person);
	return { share: (after.concealed - before.concealed) / Math.max(1, after.samples - before.samples), ...after };
}

/** Packets that came since are the other's voice: nothing else is in that line. */
async function voiceComes(person, since, limitMs) {
	await until(`${person.name} gets voice again`, async () => (await voiceStats(person)).packets > since + 5, limitMs);
}

async function burstyLoss() {
	const { net, ana, ben } = await calling();
	await net.say("down burst 10 4");
	// A starved processor makes up sound, too: one good stretch shows that the network does not.
	for (const person of [ana, ben])
		await until(`${person.name} understands`, async () => {
			const heard = await concealed(person, 6000);
			if (heard.share < 0.05 && heard.nacks > 0) return true;
			throw new Error(`${(heard.share * 100).toFixed(1)} % made up, ${heard.nacks} asked for again`);
		}, 60_000);
	await hears(ben, 660);
	const lost = Number((await net.say("stats")).match(/lost (\d+)/)[1]);
	assert.ok(lost > 50, `only ${lost} packets were lost`);
	const sdp = await ben.page.evaluate(() => window.testPeers.at(-1).remoteDescription.sdp);
	assert.match(sdp, /a=fmtp:\d+ .*useinbandfec=1/);
	assert.match(sdp, /a=rtcp-fb:\d+ nack\r\n/);
}

/** Voices in a room: those who listen get each piece three times more while their line loses, those who speak are asked for what was lost. */
async function burstyLossInARoom() {
	const { server, net } = await behindBadNetwork({ people: ["Ana", "Ben"], set: quick });
	await group(server, "Garden", ["Ana", "Ben"]);
	const ana = await opened(await signedIn(server, "Ana", { synthetic: { hz: 440, colour: "#d01020" } }));
	const ben = await opened(await signedIn(server, "Ben", { synthetic: { hz: 660, colour: "#10b030" } }));
	await ringAll(ana, "Voice call", 1);
	await answer(ben, "voice");
	await callRegion(ben).waitFor();
	await hearsAll(ana, [660]);
	await hearsAll(ben, [440]);
	for (const way of ["down", "up"]) {
		await net.say("clear");
		await net.say(`${way} burst 10 3`);
		for (const person of [ana, ben])
			await until(`${person.name} understands with loss ${way}`, async () => {
				const before = await voiceStats(person);
				const { share, packets, bytes, nacks } = await concealed(person, 6000);
				const each = Math.round((bytes - before.bytes) / Math.max(1, packets - before.packets));
				if (share < 0.02 && nacks > before.nacks && (way === "up" || each > 250)) return true;
				throw new Error(`${(share * 100).toFixed(1)} % made up, ${nacks - before.nacks} asked for again, ${each} bytes each`);
			}, 90_000);
	}
	await net.say("clear");
	const lost = Number((await net.say("stats")).match(/lost (\d+)/)[1]);
	assert.ok(lost > 100, `only ${lost} packets were lost`);
	await ana.button("Leave").click();
	const said = await until("the server says how Ana's voice came", () => server.log.match(/media\.left peer=\d+ voice=(\d+) red=(\d+) red_frames=(\d+) restored=(\d+) asked=(\d+)/));
	const [voice, red, frames, restored, asked] = said.slice(1).map(Number);
	// Chromium's own: one frame more in each packet.
	assert.ok(red > voice * 0.7 && frames >= red - 5 && frames <= red, `${said[0]}`);
	assert.ok(restored > 5 && asked > 5, `${said[0]}`);
}
burstyLossInARoom.timeLimitMs = 300_000;

/** Which version of its description each side stands at: an ICE restart is another one. */
function versions(...people) {
	return Promise.all(people.map(({ page }) => page.evaluate(() => window.testPeers.at(-1).localDescription.sdp.match(/^o=.*/m)[0])));
}

async function heavyLoss() {
	const { net, ana, ben } = await calling();
	const before = await versions(ana, ben);
	const one = (await voiceStats(ben)).packets;
	await net.say("loss 30");
	await sleep(20_000);
	await voiceComes(ben, one, 1000);
	assert.equal(await callRegion(ana).isVisible(), true);
	await hears(ben, 660);
	await hears(ana, 880);
	assert.equal((await connections(ana)).length, 1, "the first connection lasted");
	assert.deepEqual(await versions(ana, ben), before, "and nobody looked for another path");
}

async function everythingAtOnce() {
	const { net, ana, ben } = await calling("video");
	for (const line of ["burst 5 3", "delay 40 60", "reorder 5", "duplicate 3", "corrupt 1", "rate 3000"]) await net.say(line);
	await sleep(10_000);
	await net.say("clear");
	await hears(ben, 660);
	await hears(ana, 880);
	await sees(ben, "Ana");
	await sees(ana, "Ben");
	assert.match(await net.say("stats"), /lost [1-9].* doubled [1-9].* corrupted [1-9].* overtaken [1-9]/);
}

async function rebinding() {
	const { net, ana, ben } = await calling();
	for (let i = 0; i < 3; i += 1) {
		const [a, b] = [(await voiceStats(ana)).packets, (await voiceStats(ben)).packets];
		await net.say("rebind");
		await voiceComes(ana, a, 20_000);
		await voiceComes(ben, b, 20_000);
		await sleep(1500);
	}
	await hears(ben, 660);
	await hears(ana, 880);
	assert.equal((await connections(ana)).length, 1, "the same connection goes on");
}

/** From one network to another: silence in between, then another address and port. */
async function interfaceChange() {
	const { net, ana, ben } = await calling();
	await net.say("cut");
	await sleep(1000);
	const [a, b] = [(await voiceStats(ana)).packets, (await voiceStats(ben)).packets];
	await net.say("rebind 127.0.0.2");
	await net.say("clear");
	await voiceComes(ana, a, 20_000);
	await voiceComes(ben, b, 20_000);
	await hears(ben, 660);
	await hears(ana, 880);
}

/** The cable of the better network is pulled: media and the line to the server both take the other one. */
async function cablePulled() {
	const nets = twoNetworks();
	const args = ["--tls", "self", "--media-address", SERVER_IP];
	const server = await startServer({ people: ["Ana", "Ben"], set: quick, args, netns: nets.there, host: SERVER_IP });
	const { ana, ben } = await pair(server, { ana: { program: chromiumIn(nets.there) }, ben: { program: chromiumIn(nets.here) } });
	await talking(ana, ben);
	await hears(ben, 660);
	await hears(ana, 880);
	nets.pull(1);
	await sleep(500); // what was on its way has come
	const [a, b] = [(await voiceStats(ana)).packets, (await voiceStats(ben)).packets];
	await voiceComes(ben, b, 40_000);
	await voiceComes(ana, a, 40_000);
	await hears(ben, 660);
	await hears(ana, 880);
}

/** Away for longer than either side believes in the connection. */
async function longCut() {
	const { net, ana, ben } = await calling();
	await net.say("cut");
	await sleep(12_000);
	await net.say("clear");
	await hears(ben, 660, 40_000);
	await hears(ana, 880, 40_000);
}

async function tcpOnly() {
	const { net, ana, ben } = await started();
	await net.say("cut");
	await talking(ana, ben);
	await hears(ben, 660);
	await hears(ana, 880);
	for (const person of [ana, ben]) assert.equal((await voiceStats(person)).protocol, "tcp");
}

async function joiningUnderLoss() {
	const { net, ana, ben } = await started();
	await net.say("loss 20");
	await talking(ana, ben);
	await hears(ben, 660);
	await hears(ana, 880);
}

/** Answered, and nothing comes through: the call has failed, and its caller may leave a note. */
async function nothingComesThrough() {
	const { net, ana, ben } = await started();
	await net.say("cut");
	await net.say("to 9");
	await talking(ana, ben);
	await ana.calling("Ben").getByText("Call failed").first().waitFor({ timeout: 40_000 });
	await ana.calling("Ben").getByRole("button", { name: "Record voice note" }).waitFor();
	await callRegion(ben).waitFor({ state: "detached" });
	await ben.entry("Missed voice call").waitFor();
	await ana.calling("Ben").getByRole("button", { name: "Cancel", exact: true }).click();
	await until("Ana's entry says so", async () => /failed/i.test(await ana.messages().innerText()));
}

export default { burstyLoss, burstyLossInARoom, heavyLoss, everythingAtOnce, rebinding, interfaceChange, cablePulled, longCut, tcpOnly, joiningUnderLoss, nothingComesThrough };
