/** Files on their way to a lesson, a course, a group or an import: how far, pause, go on, give up. */

import { _, element, pageData, say } from "../lib/page";
import { problemOf, wordsFor } from "../lib/problem";
import { startUpload, type Progress, type Sending } from "../lib/upload";

interface Data {
  /** Where whole files are added: to one lesson, course or group. */
  add_url?: string;
  /** A larger file is not begun. */
  most_bytes?: number;
  /** Where an import begins, and its page but for the id. */
  start_url?: string;
  page?: string;
  /** An import that may be under way. */
  url?: string;
  running?: boolean;
}

const ASK_EVERY_MS = 2000;
const data = pageData<Data>();

function button(words: string, act: () => void): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "button";
  made.textContent = words;
  made.addEventListener("click", act);
  return made;
}

function percent(progress: Progress): string {
  const share = progress.total ? Math.floor((100 * progress.sent) / progress.total) : 0;
  if (progress.secondsLeft === null) return `${share} %`;
  if (progress.secondsLeft < 60) return _("%(share)s, less than a minute left", { share: `${share} %` });
  return _("%(share)s, about %(minutes)s min left", { share: `${share} %`, minutes: Math.ceil(progress.secondsLeft / 60) });
}

async function post(url: string, body: Record<string, string>): Promise<Record<string, string>> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as Record<string, string>;
}

function typed(name: string): string {
  return document.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.value.trim() ?? "";
}

/** The whole file becomes what this page is for; where to go next. */
async function use(id: string): Promise<string> {
  if (data.add_url) {
    await post(data.add_url, { upload_id: id });
    return location.pathname;
  }
  const body: Record<string, string> = { upload_id: id };
  for (const name of ["subject", "grade"]) if (typed(name)) body[name] = typed(name);
  return (data.page ?? "") + ((await post(data.start_url ?? "", body)).id ?? "");
}

let underWay = 0;
/** Something was not taken: the page stays, and says so, until its reader goes on. */
let kept = false;
let next = "";

function finished(): void {
  if (underWay > 0 || !next) return;
  if (!kept) return location.assign(next);
  if (document.getElementById("go-on")) return;
  const row = document.createElement("li");
  const on = button(_("Show what arrived"), () => location.assign(next));
  row.id = "go-on";
  row.append(on);
  element("sending").append(row);
}

function send(file: File): void {
  const row = document.createElement("li");
  const name = document.createElement("strong");
  const bar = document.createElement("progress");
  const words = document.createElement("span");
  const acts = document.createElement("span");
  name.textContent = file.name;
  bar.max = Math.max(file.size, 1);
  bar.value = 0;
  bar.setAttribute("aria-label", file.name);
  acts.className = "acts";
  row.append(name, bar, words, acts);
  element("sending").append(row);
  if (data.most_bytes && file.size > data.most_bytes) {
    bar.remove();
    words.textContent = _("This file is too large: it may have %(size)s MB at most.", { size: data.most_bytes >> 20 });
    kept = true;
    return;
  }
  underWay += 1;

  const sending: Sending = startUpload(file, {
    onProgress: (progress) => {
      bar.value = progress.sent;
      words.textContent = percent(progress);
    },
    onDone: (id) => {
      acts.textContent = "";
      words.textContent = _("Arrived");
      use(id).then(arrived, refused);
    },
    onTrouble: (trouble) => {
      words.textContent = trouble.waiting ? _("%(trouble)s It goes on by itself.", { trouble: trouble.words }) : trouble.words;
      if (!trouble.waiting) hold.textContent = _("Go on");
    },
  });
  const hold = button(_("Pause"), () => {
    if (sending.state() === "sending") {
      sending.pause();
      hold.textContent = _("Go on");
      words.textContent = _("Paused. What arrived is kept.");
    } else {
      sending.resume();
      hold.textContent = _("Pause");
    }
  });
  const stop = button(_("Give up"), () => {
    void sending.cancel().then(() => {
      row.remove();
      underWay -= 1;
      finished();
    });
  });
  acts.append(hold, stop);

  /** The list is shown anew when the last one has come. */
  function arrived(where: string): void {
    underWay -= 1;
    next = where;
    finished();
  }

  function refused(error: unknown): void {
    underWay -= 1;
    kept = true;
    const known = error instanceof Error && "status" in error;
    words.textContent = known ? wordsFor(error as Parameters<typeof wordsFor>[0]).advice : _("The file could not be sent. Please try again.");
    finished();
  }
}

const chooser = document.getElementById("files") as HTMLInputElement | null;
function sendChosen(): void {
  if (!chooser) return;
  for (const file of Array.from(chooser.files ?? [])) send(file);
  chooser.value = "";
}

chooser?.addEventListener("change", sendChosen);
// Somebody may have been quicker than this script.
sendChosen();
addEventListener("beforeunload", (event) => {
  if (underWay > 0) event.preventDefault();
});

/** An import: how far it is, until it is done. */
async function watch(url: string): Promise<void> {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const now = (await answer.json()) as { state: string; done: number; total: number };
  if (now.state !== "running") {
    location.reload();
    return;
  }
  const bar = element<HTMLProgressElement>("progress");
  bar.max = Math.max(now.total, 1);
  bar.value = now.done;
  say("progress-words", _("%(done)s of %(total)s looked at. You can leave this page: it goes on by itself.", { done: now.done, total: now.total }));
  later(url);
}

function later(url: string): void {
  setTimeout(() => void watch(url).catch(() => later(url)), ASK_EVERY_MS);
}

if (data.url && data.running) later(data.url);
