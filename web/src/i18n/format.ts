/* Times, days and lengths as the reader's language writes them. */
let locale: string | undefined;
let made = make();

function make() {
	return {
		time: new Intl.DateTimeFormat(locale, { timeStyle: "short" }),
		weekday: new Intl.DateTimeFormat(locale, { weekday: "long" }),
		shortDay: new Intl.DateTimeFormat(locale, { weekday: "short" }),
		day: new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" }),
		date: new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" }),
		short: new Intl.DateTimeFormat(locale, { day: "numeric", month: "numeric" }),
		relative: new Intl.RelativeTimeFormat(locale, { numeric: "auto" }),
		number: new Intl.NumberFormat(locale, { useGrouping: false }),
		two: new Intl.NumberFormat(locale, { minimumIntegerDigits: 2 }),
		list: new Intl.ListFormat(locale, { type: "conjunction" }),
		speed: new Intl.NumberFormat(locale, { maximumFractionDigits: 2 }),
	};
}

/** "" is the browser's own language. */
export function setLocale(tag: string): void {
	locale = tag === "" ? undefined : tag;
	made = make();
}

const DAY_MS = 86_400_000;

function dayStart(ts: number): number {
	return new Date(ts).setHours(0, 0, 0, 0);
}

/** Whole days between two moments as the calendar counts them. */
export function daysBetween(ts: number, now: number): number {
	return Math.round((dayStart(now) - dayStart(ts)) / DAY_MS);
}

export function time(ts: number): string {
	return made.time.format(ts);
}

/** For day lines: Today, Yesterday, Tuesday, 3 March, 3 Mar 2024. */
export function day(ts: number, now = Date.now()): string {
	const ago = daysBetween(ts, now);
	if (ago < 2 && ago >= 0) {
		const words = made.relative.format(-ago, "day");
		return words.charAt(0).toLocaleUpperCase(locale) + words.slice(1);
	}
	if (ago > 0 && ago < 7) return made.weekday.format(ts);
	return new Date(ts).getFullYear() === new Date(now).getFullYear()
		? made.day.format(ts)
		: made.date.format(ts);
}

/** For lists: 14:02, Yesterday, Tue, 3/3. */
export function when(ts: number, now = Date.now()): string {
	const ago = daysBetween(ts, now);
	if (ago <= 0) return time(ts);
	if (ago === 1) return day(ts, now);
	return ago < 7 ? made.shortDay.format(ts) : made.short.format(ts);
}

export function date(ts: number): string {
	return made.date.format(ts);
}

/** Ana, Ben and Carla. */
export function list(names: readonly string[]): string {
	return made.list.format(names);
}

/** A length: 0:23, 12:05, 1:02:03. */
export function length(ms: number): string {
	const all = Math.max(0, Math.floor(ms / 1000));
	const hours = Math.floor(all / 3600);
	const minutes = Math.floor((all % 3600) / 60);
	const seconds = made.two.format(all % 60);
	return hours > 0
		? `${made.number.format(hours)}:${made.two.format(minutes)}:${seconds}`
		: `${made.number.format(minutes)}:${seconds}`;
}

/** A finished note's length is rounded and never 0:00. */
export function noteLength(ms: number): string {
	return length(Math.max(1000, Math.round(ms / 1000) * 1000));
}

export function seconds(ms: number): string {
	return made.number.format(Math.floor(ms / 1000));
}

export function speed(value: number): string {
	return made.speed.format(value);
}
