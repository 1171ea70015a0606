import { useLayoutEffect, useRef } from "preact/hooks";
import type { NoteView } from "../state/types/thread.ts";
import { PlayButton, useNote } from "./NotePlayer.tsx";

/** A rounded square: a still of the note, or the player's one picture while it is this note's turn. */
export function VideoFrame({ note }: { note: NoteView }) {
	const { player, current, playing } = useNote(note);
	const place = useRef<HTMLDivElement>(null);
	const picture = current ? player.picture.value : null;
	useLayoutEffect(() => {
		if (picture && place.current) place.current.append(picture);
	}, [picture]);
	return (
		<div class="video-frame" data-playing={playing || undefined}>
			<video
				class="still"
				src={`${note.src}#t=0.1`}
				preload="metadata"
				muted
				playsInline
				tabIndex={-1}
				aria-hidden="true"
			/>
			<div class="picture" ref={place} hidden={picture === null} />
			<PlayButton note={note} />
		</div>
	);
}
