import { CloudOff, MonitorSmartphone, RefreshCw } from "lucide";
import { t } from "../i18n/text.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { useApp } from "../ui/model.ts";

/** One quiet line while something is not as usual; nothing when all is well. */
export function ConnectionStrip() {
	const app = useApp();
	const connection = app.connection.value;
	if (connection === "online" && !app.updateReady.value) return null;
	if (connection === "online") {
		return (
			<div class="strip" role="status">
				<Icon of={RefreshCw} size="s" />
				<span>{t("update-ready")}</span>
				<Button kind="plain" onClick={() => app.reload()}>
					{t("update-now")}
				</Button>
			</div>
		);
	}
	if (connection === "elsewhere") {
		return (
			<div class="strip" role="status">
				<Icon of={MonitorSmartphone} size="s" />
				<span>{t("elsewhere")}</span>
				<Button kind="plain" onClick={() => app.useHere()}>
					{t("use-here")}
				</Button>
			</div>
		);
	}
	return (
		<div class="strip" role="status" data-state={connection}>
			<Icon of={connection === "offline" ? CloudOff : RefreshCw} size="s" />
			<span>{connection === "offline" ? t("offline") : t("connecting")}</span>
		</div>
	);
}
