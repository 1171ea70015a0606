import { ImagePlus } from "lucide";
import { useRef, useState } from "preact/hooks";
import type { Picture } from "../state/types/groups.ts";
import { Button } from "../ui/Button.tsx";
import { run, useApp } from "../ui/model.ts";

export interface PictureButtonProps {
	label: string;
	onPicture: (picture: Picture) => void;
}

/** Chooses a picture from this device and makes it small. */
export function PictureButton({ label, onPicture }: PictureButtonProps) {
	const { groups } = useApp();
	const input = useRef<HTMLInputElement>(null);
	const [busy, setBusy] = useState(false);
	const take = async (file: File | undefined) => {
		if (!file) return;
		setBusy(true);
		const made = await groups.shrink(file);
		setBusy(false);
		if (made.ok) onPicture(made.picture);
	};
	return (
		<>
			<Button kind="plain" icon={ImagePlus} busy={busy} onClick={() => input.current?.click()}>
				{label}
			</Button>
			<input
				ref={input}
				type="file"
				accept="image/*"
				hidden
				onChange={event => {
					run(take(event.currentTarget.files?.[0]));
					/* The same file may be chosen again. */
					event.currentTarget.value = "";
				}}
			/>
		</>
	);
}
