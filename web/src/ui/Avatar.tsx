export interface AvatarProps {
	id: number;
	name: string;
	size?: "xs" | "s" | "m" | "l" | "xl";
	online?: boolean;
	/* Rounded square instead of round. */
	group?: boolean;
	picture?: string | null;
}

/* Warm hues and two cool ones, far enough apart to tell people from one another. */
const HUES = [48, 18, 78, 105, 150, 205, 250, 300, 340] as const;

export function hueOf(id: number): number {
	return HUES[id % HUES.length] ?? 48;
}

export function initials(name: string): string {
	const words = name.trim().split(/\s+/u);
	const first = [...(words[0] ?? "")][0] ?? "";
	const last = words.length > 1 ? ([...(words.at(-1) ?? "")][0] ?? "") : "";
	return (first + last).toLocaleUpperCase();
}

export function Avatar({ id, name, size = "m", online, group, picture }: AvatarProps) {
	return (
		<span
			class="avatar"
			data-size={size}
			data-group={group || undefined}
			aria-hidden="true"
			style={{ "--hue": String(hueOf(id)) }}
		>
			{picture ? <img src={picture} alt="" /> : initials(name)}
			{online && <span class="online" />}
		</span>
	);
}
