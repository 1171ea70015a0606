import { MicOff, MonitorUp } from "lucide";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n/text.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon } from "../ui/Icon.tsx";

/* Louder than this is speaking, not breathing. */
const SPEAKING = 0.04;

export function isSpeaking(level: number): boolean {
	return level > SPEAKING;
}

export interface PictureProps {
	stream: MediaStream;
	mirrored?: boolean;
	whole?: boolean;
}

/** Muted, since the voice comes by another way and must not come twice. */
export function Picture({ stream, mirrored, whole }: PictureProps) {
	const video = useRef<HTMLVideoElement>(null);
	useLayoutEffect(() => {
		const element = video.current;
		if (!element) return;
		element.srcObject = stream;
		return () => {
			element.srcObject = null;
		};
	}, [stream]);
	return (
		<video
			ref={video}
			muted
			autoplay
			playsInline
			data-mirrored={mirrored || undefined}
			data-whole={whole || undefined}
		/>
	);
}

export interface TileProps {
	id: number;
	name: string;
	/* What stands in the corner, where it is not the name. */
	label?: string;
	stream: MediaStream | null;
	mirrored?: boolean;
	whole?: boolean;
	muted?: boolean;
	level?: number;
	size: "main" | "small";
	/* In a video call an absent picture is said. */
	off?: boolean;
	children?: ComponentChildren;
}

/** One person, or what they share: their picture, else their avatar in a ring that swells with the voice. */
export function Tile(props: TileProps) {
	const { id, name, stream, muted = false, level = 0, size } = props;
	const label = props.label ?? name;
	const speaking = isSpeaking(level) && !muted;
	return (
		<div
			class="tile"
			role="group"
			aria-label={muted ? t("tile-muted", { name: label }) : label}
			aria-current={speaking ? "true" : undefined}
			data-size={size}
			data-picture={stream !== null || undefined}
		>
			{stream ? (
				<Picture stream={stream} mirrored={props.mirrored ?? false} whole={props.whole ?? false} />
			) : (
				<span class="tile-face">
					<span
						class="voice-ring"
						style={{ "--loud": speaking ? Math.min(1, Math.sqrt(level) * 1.4).toFixed(2) : "0" }}
					/>
					<Avatar id={id} name={name} size={size === "main" ? "xl" : "m"} />
				</span>
			)}
			{props.off && !stream && size === "main" && <p class="tile-off">{t("camera-is-off")}</p>}
			<span class="tile-name" aria-hidden="true">
				{props.whole && <Icon of={MonitorUp} />}
				{muted && <Icon of={MicOff} />}
				<bdi>{label}</bdi>
			</span>
			{props.children}
		</div>
	);
}
