/** What the server wrote into the page: its data and its messages. */

function written<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}") as T;
}

const messages = written<Record<string, string[]>>("messages");

export function pageData<T>(): T {
  return written<T>("page");
}

type Params = Record<string, string | number>;

function fill(text: string, params: Params): string {
  return text.replace(/%\((\w+)\)s/g, (_match, name: string) => String(params[name] ?? ""));
}

/** The message in the page's language, with its %(name)s places filled. */
export function _(message: string, params: Params = {}): string {
  return fill(messages[message]?.[0] ?? message, params);
}

/** The form for a number; `num` is always there to be printed. */
export function ngettext(one: string, many: string, num: number, params: Params = {}): string {
  const forms = messages[one] ?? [one, many];
  return fill(forms[num === 1 ? 0 : forms.length - 1] ?? one, { num, ...params });
}

export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found as T;
}

export function show(id: string, shown: boolean): void {
  element(id).hidden = !shown;
}

/** Set text only when it differs: a live region is read out at every change. */
export function say(id: string, text: string): void {
  const place = element(id);
  if (place.textContent !== text) place.textContent = text;
}

/** A dot and a word: kind "", "ok", "on" or "warn". */
export function setState(place: HTMLElement, kind: string, words: string): void {
  place.hidden = false;
  place.className = `state ${kind}`.trim();
  if (place.textContent !== words) place.textContent = words;
}

/** Read-only insight for tests and for the person who is asked to help. */
export function expose(look: Record<string, () => unknown>): void {
  const view = {};
  for (const [name, get] of Object.entries(look)) {
    Object.defineProperty(view, name, { get, enumerable: true });
  }
  Object.defineProperty(window, "tongke", { value: view });
}
