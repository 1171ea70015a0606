import { Phone, PhoneMissed } from "lucide";
import { useState } from "preact/hooks";
import { t } from "../i18n/moreText.ts";
import { callList, isMissedLine } from "../state/callList.ts";
import { useApp } from "../ui/model.ts";
import { Chips, EmptyState } from "../ui/Small.tsx";
import { CallRow } from "./CallRow.tsx";

export function CallsPage() {
	const app = useApp();
	const [only, setOnly] = useState<"all" | "missed">("all");
	const all = callList(app);
	const shown = only === "all" ? all : all.filter(isMissedLine);
	return (
		<section class="pane-list" aria-labelledby="calls-title">
			<header class="pane-head">
				<h1 id="calls-title">{t("calls-title")}</h1>
			</header>
			<div class="pane-tools">
				<Chips<"all" | "missed">
					label={t("filter")}
					value={only}
					options={[
						{ value: "all", label: t("filter-all") },
						{ value: "missed", label: t("filter-missed") },
					]}
					onChange={setOnly}
				/>
			</div>
			<div class="pane-scroll">
				{shown.length === 0 ? (
					<EmptyState
						icon={only === "missed" ? PhoneMissed : Phone}
						title={only === "missed" ? t("chats-none-missed") : t("calls-empty-title")}
						text={only === "missed" ? t("chats-none-missed-text") : t("calls-empty-text")}
					/>
				) : (
					<ul class="chat-rows">
						{shown.map(line => (
							<CallRow key={line.key} line={line} />
						))}
					</ul>
				)}
			</div>
		</section>
	);
}
