import { EllipsisVertical, Trash2 } from "lucide";
import { t } from "../i18n/text.ts";
import { Menu } from "../ui/Menu.tsx";

/** What can be done with one's own note, on the card of its call or room. */
export function NoteMenu({ seq, onDelete }: { seq: number; onDelete: (seq: number) => void }) {
	const items = [{ label: t("delete"), icon: Trash2, danger: true, run: () => onDelete(seq) }];
	return <Menu icon={EllipsisVertical} label={t("more")} items={items} />;
}
