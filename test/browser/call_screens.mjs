// Takes pictures of a voice and a video call from a real server, at phone and desktop width, light and dark, for looking at:
// test/out/call-*.png.     usage: node test/browser/call_screens.mjs [phone|desktop] [light|dark]
import { behindBadNetwork } from "./lib/impair.mjs";
import { endAll, sleep } from "./lib/own.mjs";
import { pair } from "./lib/person.mjs";
import { callRegion, sees } from "./lib/talk.mjs";
import { speech } from "./lib/tone.mjs";

const shapes = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };
const quick = { ring_seconds: 20, ring_stop_seconds: 30, pair_rings: 50, unanswered_a_day: 50 };
const share = ["--auto-select-desktop-capture-source=Entire screen", "--auto-accept-this-tab-capture"];

async function walk(shape, colorScheme) {
	const { server, net } = await behindBadNetwork({ people: ["Ana", "Ben"], set: quick });
	const look = { viewport: shapes[shape], colorScheme };
	const { ana, ben } = await pair(server, { ana: { ...look, tone: 220, loudness: speech, args: share }, ben: { ...look, tone: 300, loudness: speech } });
	const shot = async (who, screen) => {
		await sleep(700);
		await who.shot(`call-${shape}-${colorScheme}-${screen}`);
	};
	const answer = (kind) => ben.incoming("Ana", kind).getByRole("button", { name: "Answer", exact: true });
	await ben.say("Call me when you are on the train?");
	await ana.call();
	await answer("voice").waitFor();
	await ana.status("Ben", "Ringing");
	await shot(ana, "1-voice-calling");
	await shot(ben, "1-voice-ringing");
	await answer("voice").click();
	await callRegion(ana).waitFor();
	await sleep(2500);
	await shot(ana, "2-voice");
	await ben.button("Mute").click();
	await shot(ana, "3-voice-other-muted");
	await shot(ben, "3-voice-muted");
	await callRegion(ben).getByRole("button", { name: "More" }).click();
	await shot(ben, "4-voice-menu");
	await ben.page.keyboard.press("Escape");
	await callRegion(ben).getByRole("button", { name: "Call info" }).click();
	await sleep(600);
	await shot(ben, "4-voice-info");
	await ben.page.keyboard.press("Escape");
	await callRegion(ben).getByRole("button", { name: "Minimise" }).click();
	await shot(ben, "5-voice-minimised");
	await ben.button("Back to the call").click();
	await ana.button("Turn camera on").click();
	await shot(ana, "6-video-asked");
	await shot(ben, "6-video-asks");
	await ben.button("No thanks").or(ben.button("Not now")).or(ben.page.getByRole("status").getByRole("button").last()).first().click();
	const mediaPort = server.options.args.at(1).split(":")[1];
	for (const line of ["cut", "to 9"]) await net.say(line);
	await callRegion(ana).getByText("Reconnecting").waitFor({ timeout: 30_000 });
	await shot(ana, "7-voice-reconnecting");
	for (const line of ["clear", `to ${mediaPort}`]) await net.say(line);
	await sleep(3000);
	await ana.button("Leave").click();
	await callRegion(ben).waitFor({ state: "detached" });
	await shot(ana, "8-after");
	await ana.call("Video call");
	await answer("video").waitFor();
	await shot(ana, "9-video-calling");
	await shot(ben, "9-video-ringing");
	await answer("video").click();
	await sees(ben, "Ana");
	await ben.page.mouse.move(200, 200);
	await shot(ben, "10-video");
	await sleep(3500);
	await shot(ben, "10-video-still");
	await ben.page.mouse.move(210, 210);
	await ben.button("Turn camera off").click();
	await shot(ben, "11-video-own-off");
	await shot(ana, "11-video-other-off");
	if (shape === "desktop") {
		await ana.button("Share screen").click();
		await sees(ben, "Ana’s screen");
		await shot(ana, "12-share-mine");
		await shot(ben, "12-share-theirs");
		await ana.button("Stop sharing").click();
	}
	await net.say("loss 40");
	await sleep(7000);
	await ana.page.mouse.move(220, 210);
	await shot(ana, "13-video-poor");
	await net.say("clear");
	await ben.page.mouse.move(230, 230);
	await ben.button("Leave").click();
	await callRegion(ana).waitFor({ state: "detached" });
	await shot(ben, "14-after-video");
	await endAll();
}

const [shape, scheme] = process.argv.slice(2);
for (const one of shape ? [shape] : Object.keys(shapes)) for (const other of scheme ? [scheme] : ["light", "dark"]) await walk(one, other);
process.exit(0);
