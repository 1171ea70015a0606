import { Check, Copy, Share2, UserPlus, Users } from "lucide";
import { useRef, useState } from "preact/hooks";
import * as format from "../i18n/format.ts";
import { t } from "../i18n/moreText.ts";
import { chatPath } from "../lib/routes.ts";
import type { PersonView } from "../state/types/base.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { useFocusOn } from "../ui/modal.ts";
import { run, useApp, useRoute } from "../ui/model.ts";
import { SearchBox } from "../ui/TextField.tsx";
import { useActive, usePeople } from "../ui/usePeople.ts";
import { NewGroup } from "./NewGroup.tsx";

interface Invitation {
	link: string;
	expiresTs: number;
}

export function InvitationLink({ link, expiresTs }: Invitation) {
	const [copied, setCopied] = useState(false);
	const app = useApp();
	const copy = () => {
		run(
			navigator.clipboard.writeText(link).then(
				() => {
					setCopied(true);
					app.announce(t("copied"));
				},
				() => setCopied(false),
			),
		);
	};
	return (
		<div class="invitation" data-enter>
			<p>{t("invite-text", { uses: 1, date: format.date(expiresTs) })}</p>
			<input
				readOnly
				value={link}
				aria-label={t("invite-link")}
				onFocus={event => event.currentTarget.select()}
			/>
			<div class="row">
				<Button kind="main" icon={copied ? Check : Copy} onClick={copy}>
					{copied ? t("copied") : t("copy-link")}
				</Button>
				{"share" in navigator && (
					<Button icon={Share2} onClick={() => run(navigator.share({ url: link }).catch(() => {}))}>
						{t("share-link")}
					</Button>
				)}
			</div>
		</div>
	);
}

interface PeopleListProps {
	people: readonly PersonView[];
	active: PersonView | undefined;
	onPick: (person: PersonView) => void;
}

function PeopleList({ people, active, onPick }: PeopleListProps) {
	return (
		<div class="people" role="listbox" id="people" aria-label={t("people")}>
			{people.map(person => (
				// biome-ignore lint/a11y/useKeyWithClickEvents: the search box above has the keys, as aria-activedescendant says
				<div
					key={person.id}
					id={`person-${person.id}`}
					role="option"
					tabIndex={-1}
					aria-selected={person === active}
					data-active={person === active || undefined}
					onClick={() => onPick(person)}
				>
					<Avatar id={person.id} name={person.name} size="s" online={person.online > 0} />
					<span class="who">
						<bdi>{person.name}</bdi>
						<small>{person.username}</small>
					</span>
				</div>
			))}
		</div>
	);
}

function FindOne({ onClose, onGroup }: { onClose: () => void; onGroup: () => void }) {
	const { people, chats } = useApp();
	const route = useRoute();
	const { query, found, nobody, search } = usePeople();
	const { at, step, reset } = useActive(found);
	const [invitation, setInvitation] = useState<Invitation | null>(null);

	const pick = async (person: PersonView) => {
		const opened = await chats.open(person.id);
		if (!opened.ok) return;
		onClose();
		route.go(chatPath(opened.conv));
	};
	const invite = async () => {
		const made = await people.invite();
		if (made.ok) setInvitation({ link: made.link, expiresTs: made.expiresTs });
	};
	const onKey = (event: KeyboardEvent) => {
		const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (by !== undefined) step(by);
		else if (event.key === "Enter") {
			const person = at ?? found[0];
			if (person) run(pick(person));
		} else return;
		event.preventDefault();
	};
	return (
		<>
			<SearchBox
				label={t("find-people")}
				value={query}
				onInput={value => {
					search(value);
					reset();
				}}
				onKeyDown={onKey}
				controls="people"
				active={at && `person-${at.id}`}
				autofocus
			/>
			{found.length > 0 && <PeopleList people={found} active={at} onPick={person => run(pick(person))} />}
			{nobody && (
				<p class="nobody">
					<strong>{t("nobody-found")}</strong> {t("nobody-found-hint")}
				</p>
			)}
			<div class="stack">
				<Button wide icon={Users} onClick={onGroup}>
					{t("new-group")}
				</Button>
				{invitation ? (
					<InvitationLink {...invitation} />
				) : (
					<Button wide icon={UserPlus} onClick={() => run(invite())}>
						{t("invite-someone")}
					</Button>
				)}
			</div>
		</>
	);
}

type Step = "one" | "people" | "name";

/** Somebody, or a group: one dialog, so that the focus stays in it from step to step. */
export function NewChat({ onClose }: { onClose: () => void }) {
	const [step, setStep] = useState<Step>("one");
	const body = useRef<HTMLDivElement>(null);
	useFocusOn(body, step);
	return (
		<Dialog title={step === "one" ? t("new-chat") : t("new-group")} closeLabel={t("close")} onClose={onClose}>
			<div ref={body}>
				{step === "one" ? (
					<FindOne onClose={onClose} onGroup={() => setStep("people")} />
				) : (
					<NewGroup step={step} onStep={setStep} onClose={onClose} />
				)}
			</div>
		</Dialog>
	);
}
