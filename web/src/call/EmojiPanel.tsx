import url from "emoji-picker-element-data/en/emojibase/data.json?url";
import { useEffect, useMemo, useState } from "preact/hooks";
import { t } from "../i18n/roomText.ts";
import { SearchBox } from "../ui/TextField.tsx";

interface Emoji {
	readonly emoji: string;
	readonly group: number;
	readonly annotation: string;
	readonly tags: string;
}

/* What fonts of some years ago can draw. */
const NEWEST = 15;

let loading: Promise<readonly Emoji[]> | null = null;

async function load(): Promise<readonly Emoji[]> {
	const answer = await fetch(url);
	const all = (await answer.json()) as {
		emoji: string;
		group: number;
		annotation: string;
		tags?: string[];
		version: number;
	}[];
	return all
		.filter(one => one.version <= NEWEST)
		.map(({ emoji, group, annotation, tags = [] }) => ({ emoji, group, annotation, tags: tags.join(" ") }));
}

function useEmoji(): readonly Emoji[] | "failed" | null {
	const [all, setAll] = useState<readonly Emoji[] | "failed" | null>(null);
	useEffect(() => {
		let over = false;
		loading ??= load();
		loading.then(
			list => !over && setAll(list),
			() => {
				/* Without a network: asked again the next time. */
				loading = null;
				if (!over) setAll("failed");
			},
		);
		return () => {
			over = true;
		};
	}, []);
	return all;
}

/** Every word has to begin some word of its name. */
function matches(one: Emoji, query: string): boolean {
	const words = `${one.annotation} ${one.tags}`.toLowerCase().split(/[\s:,-]+/u);
	return query
		.toLowerCase()
		.split(/\s+/u)
		.filter(Boolean)
		.every(part => words.some(word => word.startsWith(part)));
}

function Groups({ list, onPick }: { list: readonly Emoji[]; onPick: (emoji: string) => void }) {
	const groups = useMemo(() => {
		const found = new Map<number, Emoji[]>();
		for (const one of list) found.set(one.group, [...(found.get(one.group) ?? []), one]);
		return [...found];
	}, [list]);
	return (
		<div class="emoji-all">
			{groups.map(([group, some]) => (
				<div class="emoji-group" key={group}>
					{some.map(({ emoji, annotation }) => (
						<button
							type="button"
							class="emoji"
							key={emoji}
							aria-label={annotation}
							title={annotation}
							onClick={() => onPick(emoji)}
						>
							{emoji}
						</button>
					))}
				</div>
			))}
		</div>
	);
}

/** All emoji, to be found by their names. */
export function EmojiPanel({ onPick }: { onPick: (emoji: string) => void }) {
	const all = useEmoji();
	const [query, setQuery] = useState("");
	const found = useMemo(
		() => (Array.isArray(all) ? (all as readonly Emoji[]).filter(one => matches(one, query)) : []),
		[all, query],
	);
	if (all === "failed") return <p class="emoji-said">{t("emoji-failed")}</p>;
	return (
		<div class="emoji-panel" aria-busy={all === null}>
			<SearchBox label={t("find-emoji")} value={query} onInput={setQuery} autofocus />
			{all !== null && found.length === 0 && <p class="emoji-said">{t("emoji-none")}</p>}
			<Groups list={found} onPick={onPick} />
		</div>
	);
}
