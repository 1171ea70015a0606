import { Volume2 } from "lucide";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/moreText.ts";
import type { MeView } from "../state/types/app.ts";
import type { Prefs } from "../state/types/settings.ts";
import { Button } from "../ui/Button.tsx";
import { run, useApp } from "../ui/model.ts";
import { Chips, Switch } from "../ui/Small.tsx";

export function Appearance() {
	const { settings } = useApp();
	const prefs = settings.prefs.value;
	return (
		<section class="card" aria-labelledby="you-look">
			<h2 id="you-look">{t("appearance")}</h2>
			<Chips<Prefs["theme"]>
				label={t("theme")}
				value={prefs.theme}
				options={[
					{ value: "auto", label: t("theme-auto") },
					{ value: "light", label: t("theme-light") },
					{ value: "dark", label: t("theme-dark") },
				]}
				onChange={theme => settings.set("theme", theme)}
			/>
			<Switch
				label={t("contrast-more")}
				on={prefs.contrast === "more"}
				onChange={on => settings.set("contrast", on ? "more" : "auto")}
			/>
		</section>
	);
}

export function Sounds() {
	const { settings } = useApp();
	const prefs = settings.prefs.value;
	const notify = settings.notifications.value;
	return (
		<section class="card" aria-labelledby="you-sounds">
			<h2 id="you-sounds">{t("sounds")}</h2>
			<Switch label={t("sounds-on")} on={prefs.sounds} onChange={on => settings.set("sounds", on)} />
			{notify === "on" || notify === "off" ? (
				<Switch
					label={t("notify-on")}
					on={notify === "on"}
					onChange={on => (on ? run(settings.enableNotifications()) : settings.disableNotifications())}
				/>
			) : (
				<p class="note">{notify === "blocked" ? t("notify-blocked") : t("notify-unsupported")}</p>
			)}
			<Switch
				label={t("shortcuts")}
				hint={t("shortcuts-hint")}
				on={prefs.shortcuts}
				onChange={on => settings.set("shortcuts", on)}
			/>
			<Button icon={Volume2} onClick={() => settings.testSound()}>
				{t("sounds-test")}
			</Button>
		</section>
	);
}

function nextEight(): number {
	const at = new Date();
	if (at.getHours() >= 8) at.setDate(at.getDate() + 1);
	return at.setHours(8, 0, 0, 0);
}

export function Privacy({ me }: { me: MeView }) {
	const { settings } = useApp();
	const quiet = me.quietUntil > Date.now();
	return (
		<>
			<section class="card" aria-labelledby="you-quiet">
				<h2 id="you-quiet">{t("quiet")}</h2>
				<p class="note">{quiet ? t("quiet-until", { time: format.time(me.quietUntil) }) : t("quiet-hint")}</p>
				<div class="row">
					{quiet ? (
						<Button onClick={() => run(settings.setQuiet(0, me.quietShare))}>{t("quiet-end")}</Button>
					) : (
						<>
							<Button onClick={() => run(settings.setQuiet(Date.now() + 3_600_000, me.quietShare))}>
								{t("quiet-hour")}
							</Button>
							<Button onClick={() => run(settings.setQuiet(nextEight(), me.quietShare))}>
								{t("quiet-evening")}
							</Button>
						</>
					)}
				</div>
				<Switch
					label={t("quiet-share")}
					on={me.quietShare}
					onChange={on => run(settings.setQuiet(me.quietUntil, on))}
				/>
			</section>
			<section class="card" aria-labelledby="you-privacy">
				<h2 id="you-privacy">{t("privacy")}</h2>
				<Switch
					label={t("receipts")}
					hint={t("receipts-hint")}
					on={me.receipts}
					onChange={on => run(settings.setReceipts(on))}
				/>
				<Switch
					label={t("hide-decline")}
					hint={t("hide-decline-hint")}
					on={me.hideDecline}
					onChange={on => run(settings.setHideDecline(on))}
				/>
			</section>
		</>
	);
}
