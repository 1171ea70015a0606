import { CircleAlert, Search } from "lucide";
import { Icon } from "./Icon.tsx";
import { useId } from "./useId.ts";

export interface TextFieldProps {
	label: string;
	value: string;
	onInput: (value: string) => void;
	type?: "text" | "password";
	name?: string;
	autocomplete?: "name" | "username" | "new-password" | "current-password" | "off";
	hint?: string;
	error?: string | null;
	required?: boolean;
	autofocus?: boolean;
	plain?: boolean;
	maxLength?: number;
}

export function TextField(props: TextFieldProps) {
	const id = useId();
	const below = props.error ? `${id}-error` : props.hint ? `${id}-hint` : undefined;
	return (
		<div class="field">
			<label for={id}>{props.label}</label>
			<input
				id={id}
				{...(props.type === "password" ? { type: "password" } : { type: "text" })}
				name={props.name}
				value={props.value}
				dir={props.type === undefined && !props.plain ? "auto" : undefined}
				autocomplete={props.autocomplete ?? "off"}
				autocapitalize={props.plain ? "none" : undefined}
				spellcheck={props.plain ? false : undefined}
				required={props.required}
				maxLength={props.maxLength}
				data-autofocus={props.autofocus || undefined}
				aria-invalid={props.error ? true : undefined}
				aria-describedby={below}
				onInput={event => props.onInput(event.currentTarget.value)}
			/>
			{props.error ? (
				<p class="error" id={`${id}-error`} role="alert">
					<Icon of={CircleAlert} size="s" />
					<span>{props.error}</span>
				</p>
			) : (
				props.hint && (
					<p class="hint" id={`${id}-hint`}>
						{props.hint}
					</p>
				)
			)}
		</div>
	);
}

export interface SearchBoxProps {
	label: string;
	value: string;
	onInput: (value: string) => void;
	onKeyDown?: (event: KeyboardEvent) => void;
	autofocus?: boolean;
	controls?: string;
	active?: string | undefined;
}

export function SearchBox(props: SearchBoxProps) {
	return (
		<div class="searchbox">
			<Icon of={Search} />
			<input
				type="search"
				dir={props.value === "" ? undefined : "auto"}
				aria-label={props.label}
				placeholder={props.label}
				autocomplete="off"
				value={props.value}
				data-autofocus={props.autofocus || undefined}
				aria-controls={props.controls}
				aria-activedescendant={props.active}
				onInput={event => props.onInput(event.currentTarget.value)}
				onKeyDown={props.onKeyDown}
			/>
		</div>
	);
}
