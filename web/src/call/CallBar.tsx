import { PhoneOff } from "lucide";
import { t } from "../i18n/text.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { run, useApp } from "../ui/model.ts";
import { ClockSince } from "../ui/Timer.tsx";

/** The answered call: who, that it is connected, how long, and the way out. */
export function CallBar() {
	const { calls } = useApp();
	const view = calls.answered.value;
	if (!view) return null;
	return (
		<section class="call-bar" aria-label={t("call-region")} data-enter>
			<Avatar id={view.person.id} name={view.person.name} size="s" />
			<div class="who">
				<p class="call-with">
					<bdi>{view.person.name}</bdi>
				</p>
				<p>
					{t("connected")} · <ClockSince ts={view.answeredTs} />
				</p>
			</div>
			<Button kind="danger" icon={PhoneOff} onClick={() => run(calls.hangUp())}>
				{t("leave")}
			</Button>
		</section>
	);
}
