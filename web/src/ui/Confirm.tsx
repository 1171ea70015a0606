import { t } from "../i18n/text.ts";
import { Button } from "./Button.tsx";
import { Dialog } from "./Dialog.tsx";
import { Portal } from "./Portal.tsx";

export interface ConfirmProps {
	title: string;
	text: string;
	yes: string;
	onYes: () => void;
	onClose: () => void;
}

export function Confirm({ title, text, yes, onYes, onClose }: ConfirmProps) {
	return (
		<Portal>
			<Dialog title={title} closeLabel={t("close")} onClose={onClose}>
				<p>{text}</p>
				<div class="actions">
					<Button autofocus onClick={onClose}>
						{t("cancel")}
					</Button>
					<Button
						kind="danger"
						onClick={() => {
							onYes();
							onClose();
						}}
					>
						{yes}
					</Button>
				</div>
			</Dialog>
		</Portal>
	);
}
