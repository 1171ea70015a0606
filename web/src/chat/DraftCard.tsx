import { ArrowUp, Download, Mic, Video } from "lucide";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/text.ts";
import { chatPath } from "../lib/routes.ts";
import type { DraftView } from "../state/types/drafts.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { run, useApp, useRoute } from "../ui/model.ts";
import { kindName } from "./names.ts";

function state(draft: DraftView): string {
	switch (draft.state) {
		case "draft":
			return t("draft-for", { kind: kindName(draft.kind), name: draft.name });
		case "recording":
			return t("draft-elsewhere");
		case "sending":
			return t("draft-sending");
		case "unreadable":
			return t("draft-unreadable");
	}
}

/** "12 s saved": a recording without Send, and what can be done with it. */
export function DraftCard({ draft }: { draft: DraftView }) {
	const { drafts } = useApp();
	const route = useRoute();
	const resume = () => {
		route.go(chatPath(draft.conv));
		run(drafts.resume(draft.rec));
	};
	return (
		<li class="draft">
			<span class="draft-mark">
				<Icon of={draft.kind === "voice" ? Mic : Video} />
			</span>
			<div class="draft-words">
				<p class="draft-title">{t("draft-saved", { seconds: format.seconds(draft.savedMs) })}</p>
				<p class="quiet">{state(draft)}</p>
			</div>
			<div class="row">
				{draft.canSend && (
					<Button kind="voice" icon={ArrowUp} onClick={() => run(drafts.send(draft.rec))}>
						{t("send")}
					</Button>
				)}
				{draft.canContinue && <Button onClick={resume}>{t("continue")}</Button>}
				{draft.canSave && !draft.canSend && (
					<Button icon={Download} onClick={() => run(drafts.saveFile(draft.rec))}>
						{t("save-file")}
					</Button>
				)}
				{draft.state !== "sending" && draft.state !== "recording" && (
					<Button kind="plain" onClick={() => run(drafts.discard(draft.rec))}>
						{t("discard")}
					</Button>
				)}
			</div>
		</li>
	);
}

/** A draft stands in one place: in its chat if that is open, above the list of chats if not. */
export function Drafts({ drafts }: { drafts: readonly DraftView[] }) {
	if (drafts.length === 0) return null;
	return (
		<ul class="drafts" aria-label={t("drafts")}>
			{drafts.map(draft => (
				<DraftCard key={draft.rec} draft={draft} />
			))}
		</ul>
	);
}
