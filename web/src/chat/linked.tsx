import type { ComponentChildren } from "preact";

const LINK = /https?:\/\/[^\s<>"']+[^\s<>"'.,;:!?)\]]/gu;

/** A text with its web addresses as links. Nothing else in a text means anything. */
export function linked(text: string): ComponentChildren {
	const parts: ComponentChildren[] = [];
	let end = 0;
	for (const match of text.matchAll(LINK)) {
		parts.push(text.slice(end, match.index));
		parts.push(
			<a href={match[0]} target="_blank" rel="noopener noreferrer">
				{match[0]}
			</a>,
		);
		end = match.index + match[0].length;
	}
	return end === 0 ? text : [...parts, text.slice(end)];
}
