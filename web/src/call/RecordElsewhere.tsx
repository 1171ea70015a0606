import { t } from "../i18n/text.ts";
import { chatPath } from "../lib/routes.ts";
import { Link } from "../ui/Link.tsx";
import { useApp } from "../ui/model.ts";
import { RecTimer } from "./RecParts.tsx";

/** A recording goes on while another chat is open: where it is, and the way back to it. */
export function RecordElsewhere({ conv }: { conv: number | null }) {
	const { recorder, calls } = useApp();
	const view = recorder.view.value;
	if (view.state === "idle" || view.target.conv === conv || calls.outgoing.value !== null) return null;
	return (
		<Link class="rec-elsewhere" to={chatPath(view.target.conv)}>
			<RecTimer />
			{t("recording-for", { name: view.target.name })}
		</Link>
	);
}
