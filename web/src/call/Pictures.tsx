import { useRef, useState } from "preact/hooks";
import { t } from "../i18n/text.ts";
import type { TalkView } from "../state/types/talk.ts";
import { useApp } from "../ui/model.ts";
import { useMovable } from "./movable.ts";
import { Tile } from "./Tile.tsx";

function Theirs({ view, size }: { view: TalkView; size: "main" | "small" }) {
	const { talk } = useApp();
	return (
		<Tile
			id={view.person.id}
			name={view.person.name}
			stream={talk.theirPicture.value}
			muted={view.theirs.muted}
			level={talk.theirLevel.value}
			off={view.kind === "video" && view.link === "connected"}
			size={size}
		/>
	);
}

function Own({ view, size }: { view: TalkView; size: "main" | "small" }) {
	const { talk, session } = useApp();
	const me = session.value.state === "signedIn" ? session.value.me : null;
	return (
		<Tile
			id={me?.id ?? 0}
			name={me?.name ?? ""}
			label={t("tile-you")}
			stream={talk.ownPicture.value}
			mirrored={talk.mirrored.value}
			muted={view.mine.muted}
			level={talk.level.value}
			size={size}
		/>
	);
}

function Screen({ view, stream }: { view: TalkView; stream: MediaStream }) {
	const label = t("tile-screen", { name: view.person.name });
	return <Tile id={view.person.id} name={view.person.name} label={label} stream={stream} whole size="main" />;
}

/** Pictures first: theirs, or their screen, as large as there is room; mine small, to be moved and swapped. */
export function Pictures({ view }: { view: TalkView }) {
	const { talk } = useApp();
	const [swapped, setSwapped] = useState(false);
	const small = useRef<HTMLDivElement>(null);
	const screen = talk.theirScreen.value;
	const canSwap = screen === null && talk.ownPicture.value !== null;
	const swap = swapped && canSwap;
	const { corner, onPointerDown, onKeyDown } = useMovable(small, () => canSwap && setSwapped(!swapped));
	return (
		<div class="talk-pictures" role="group" aria-label={t("participants")}>
			{screen ? (
				<Screen view={view} stream={screen} />
			) : swap ? (
				<Own view={view} size="main" />
			) : (
				<Theirs view={view} size="main" />
			)}
			<div class="talk-small" ref={small} data-block={corner.block} data-inline={corner.inline}>
				{screen && <Theirs view={view} size="small" />}
				{swap ? <Theirs view={view} size="small" /> : <Own view={view} size="small" />}
				<button
					type="button"
					class="talk-swap"
					aria-label={t("swap")}
					aria-disabled={!canSwap}
					onPointerDown={onPointerDown}
					onKeyDown={onKeyDown}
					onClick={event => event.detail === 0 && canSwap && setSwapped(!swapped)}
				/>
			</div>
		</div>
	);
}
