/** Where one writes: pictures pasted or chosen, names after an @, nothing lost and nothing sent twice. */

import { attach, type Outbox, type State, wordsOf, type Writing } from "./outbox";
import { _ } from "./page";
import { shrunk } from "./pictures";
import { problemOf } from "./problem";
import { startUpload } from "./upload";

export interface Composer {
  form: HTMLFormElement;
  text: HTMLTextAreaElement;
}

const MOST_NAMES = 6;

export function composers(group: string, names: string[]): Composer[] {
  return Array.from(document.querySelectorAll<HTMLFormElement>("form[data-composer]"))
    .map((form) => ({ form, text: form.querySelector<HTMLTextAreaElement>("[data-writing]") }))
    .filter((one): one is Composer => one.text !== null)
    .map((one) => begin(one, group, names));
}

/** What is typed into the form is kept, and sent when that is possible. */
export function keep(
  one: Composer,
  outbox: Outbox,
  options: { groupId: string; topicId: string | null; sendTo: string; onQueued?: () => void; onSent: (answer: unknown) => void },
): Writing {
  const place = one.form.querySelector<HTMLElement>("[data-writing-where]");
  const writing = attach(one.form, {
    outbox,
    ...options,
    onState: (state) => {
      if (!place) return;
      const words = wordsOf(state);
      if (place.textContent !== words) place.textContent = words;
      offerTheirs(one, state, writing);
    },
    onSent: (_sentAs, answer) => options.onSent(answer),
  });
  return writing;
}

/** The same draft, changed on two devices: both are shown, one goes on. */
function offerTheirs(one: Composer, state: State, writing: Writing): void {
  const there = one.form.querySelector(".theirs");
  if (!state.theirs) return there?.remove();
  if (there) return;
  const box = document.createElement("div");
  box.className = "theirs";
  const said = document.createElement("q");
  said.textContent = state.theirs.text;
  box.append(said);
  for (const [which, words] of [["mine", _("Go on with mine")], ["theirs", _("Take this one")]] as const) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = words;
    button.addEventListener("click", () => void writing.choose(which));
    box.append(button);
  }
  one.text.after(box);
}

function begin(one: Composer, group: string, names: string[]): Composer {
  takePictures(one, group);
  suggestNames(one.text, names);
  if (one.form.dataset.composer !== "edit") return one;
  one.form.addEventListener("submit", () => {
    // The key in the form makes a second sending the same post; a second click is still not needed.
    window.setTimeout(() => one.form.querySelectorAll("button").forEach((button) => (button.disabled = true)));
  });
  addEventListener("pageshow", () => one.form.querySelectorAll("button").forEach((button) => (button.disabled = false)));
  return one;
}

/** In place of what is chosen; undone by the browser's own undo where it can. */
export function insert(text: HTMLTextAreaElement, words: string): void {
  text.focus();
  if (!document.execCommand("insertText", false, words)) text.setRangeText(words, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
}

// Pictures

function takePictures(one: Composer, group: string): void {
  const place = one.form.querySelector<HTMLElement>("[data-writing-acts]");
  const said = one.form.querySelector<HTMLElement>("[data-writing-said]");
  const input = one.form.querySelector<HTMLInputElement>("[data-picture]");
  if (!place || !said || !input) return;
  place.hidden = false;
  const take = (files: FileList | File[]): void => {
    for (const file of Array.from(files)) {
      if (file.type.startsWith("image/")) void send(file, group, one.text, (words) => (said.textContent = words));
    }
  };
  input.addEventListener("change", () => {
    take(input.files ?? []);
    input.value = "";
  });
  one.text.addEventListener("paste", (event) => {
    const pasted = event.clipboardData;
    // Cells and paragraphs of an office program come as words and as a picture of them: words are meant.
    if (!pasted || pasted.getData("text/plain")) return;
    const files = Array.from(pasted.files).filter((file) => file.type.startsWith("image/"));
    const words = files.length ? "" : wordsIn(pasted.getData("text/html"));
    if (files.length === 0 && !words) return;
    event.preventDefault();
    if (words) insert(one.text, words);
    else take(files);
  });
}

/** Of a page or a document: its words alone, nothing is run or fetched. */
function wordsIn(html: string): string {
  if (!html) return "";
  // Without what a browser would complain of, though it runs nothing of it.
  const bare = html.replace(/<(script|style|template|noscript|iframe)\b[^]*?<\/\1\s*>/gi, "").replace(/<([a-z][a-z0-9]*)\b[^>]*>/gi, "<$1>");
  const { body } = new DOMParser().parseFromString(bare, "text/html");
  body.querySelectorAll("br, p, div, li, tr, h1, h2, h3, h4, h5, h6").forEach((one) => one.after("\n"));
  return (body.textContent ?? "").replace(/[^\S\n]+/g, " ").replace(/ ?\n\s*/g, "\n").trim();
}

async function send(file: File, group: string, text: HTMLTextAreaElement, say: (words: string) => void): Promise<void> {
  say(_("The picture is being sent…"));
  const small = await shrunk(file);
  startUpload(small, {
    onProgress: ({ sent, total }) => say(_("Sending the picture: %(share)s", { share: `${Math.floor((100 * sent) / Math.max(total, 1))} %` })),
    onTrouble: ({ words }) => say(words),
    onDone: (id) => {
      add(id, small.name, group).then(
        (key) => {
          insert(text, `\n![${small.name.replace(/[[\]\\]/g, " ")}](file:${key})\n`);
          say(_("The picture is in your text."));
        },
        (error: unknown) => say(error instanceof Error && "detail" in error ? String((error as { detail: unknown }).detail) : _("The file could not be sent. Please try again.")),
      );
    },
  });
}

async function add(upload: string, name: string, group: string): Promise<string> {
  const answer = await fetch(`/api/groups/${group}/files`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ upload_id: upload, name, in_post: true }),
  });
  if (!answer.ok) throw await problemOf(answer);
  return ((await answer.json()) as { id: string }).id;
}

// Names

function suggestNames(text: HTMLTextAreaElement, names: string[]): void {
  const list = document.createElement("div");
  list.className = "suggested";
  list.hidden = true;
  list.setAttribute("role", "group");
  list.setAttribute("aria-label", _("Members of the group"));
  text.after(list);
  text.addEventListener("input", () => {
    const begun = /@([^\s@]{0,20})$/.exec(text.value.slice(0, text.selectionStart));
    const found = begun ? names.filter((name) => name.startsWith(begun[1] ?? "") && name !== begun[1]).slice(0, MOST_NAMES) : [];
    list.hidden = found.length === 0;
    list.replaceChildren(...found.map((name) => choice(text, name, begun?.[1] ?? "", list)));
  });
}

function choice(text: HTMLTextAreaElement, name: string, begun: string, list: HTMLElement): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "pick";
  button.textContent = `@${name}`;
  button.addEventListener("click", () => {
    insert(text, `${name.slice(begun.length)} `);
    list.hidden = true;
  });
  return button;
}
