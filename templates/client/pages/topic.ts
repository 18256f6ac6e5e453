/** A topic that is open: new replies come by themselves, what is on the screen counts as read. */

import { composers, keep } from "../lib/composer";
import { setFormulas } from "../lib/formulas";
import { Outbox } from "../lib/outbox";
import { _, element, expose, ngettext, pageData } from "../lib/page";
import { ofPage } from "../lib/wire";

/** A form of its own has no topic. `ends`: this page has the last posts there are. */
interface TopicPage {
  group: string;
  names: string[];
  topic?: string;
  last?: string;
  ends?: boolean;
  formulas?: string;
  /** Who writes; a form that changes a post has none. */
  me?: string;
}

interface Change {
  change: string;
  post: string | null;
  /** Of a new post that is not long. */
  words?: Words;
}

interface Words {
  by: string;
  html: string;
  pages: number;
}

const SOON_MS = 150;
const NEAR_PX = 240;
// Hundreds of pages that show a new post by its words do not ask for the rest of it together.
const REST_MS = 300;
const REST_EACH_MS = 60;
const page = pageData<TopicPage>();
let last = page.last ?? "";
let read = "";
let waiting = 0;

function letter(): HTMLElement {
  return element("letter");
}

function postOf(key: string): HTMLElement | null {
  return document.getElementById(`post-${key}`);
}

async function fetched(path: string): Promise<Document | null> {
  const answer = await fetch(path, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// One after another: what is asked twice is shown once.
let queue: Promise<void> = Promise.resolve();

function inTurn(act: () => Promise<void>): void {
  queue = queue.then(act).catch(() => undefined);
}

/** What was written after the last post there is; on a page that is not the last, only said. */
async function more(): Promise<void> {
  if (!page.ends) return;
  for (;;) {
    const found = await fetched(`/topics/${page.topic}/posts${last ? `?after=${last}` : ""}`);
    const list = found?.querySelector(".thread");
    if (!list) return;
    const near = atEnd();
    const fresh = Array.from(list.querySelectorAll<HTMLElement>(".post")).filter((post) => !document.getElementById(post.id));
    for (const post of fresh) {
      letter().append(post);
      last = post.dataset.post ?? last;
    }
    if (fresh.length > 0) {
      void setFormulas(letter(), page.formulas ?? "");
      arrived(fresh, near);
    }
    if (fresh.length === 0 || !(list as HTMLElement).dataset.next) return;
  }
}

/** A new post by what came with the news of it; what one can do with it follows in a while. */
async function shown(key: string, words: Words): Promise<void> {
  if (!page.ends || postOf(key)) return;
  const near = atEnd();
  const post = document.createElement("li");
  post.className = "post";
  post.id = `post-${key}`;
  post.dataset.post = key;
  const who = document.createElement("strong");
  who.textContent = words.by || _("Somebody who has left");
  const said = document.createElement("div");
  said.className = "said";
  said.innerHTML = words.html;
  const head = document.createElement("div");
  head.className = "post-head";
  const by = document.createElement("span");
  by.className = "who";
  by.append(who);
  head.append(by);
  post.append(head, said);
  letter().append(post);
  last = key;
  void setFormulas(post, page.formulas ?? "");
  arrived([post], near);
  window.setTimeout(() => inTurn(() => again(key)), REST_MS + Math.random() * words.pages * REST_EACH_MS);
}

/** A post one hears of later than of one that was written after it stands where it was written. */
async function missed(key: string): Promise<void> {
  if (!page.ends || postOf(key)) return;
  const found = await fetched(`/topics/${page.topic}/posts?to=${key}`);
  const post = found?.getElementById(`post-${key}`);
  if (!post) return;
  const near = atEnd();
  const there = Array.from(letter().querySelectorAll<HTMLElement>(".post"));
  letter().insertBefore(post, there.find((one) => (one.dataset.post ?? "") > key) ?? null);
  void setFormulas(post, page.formulas ?? "");
  arrived([post], near);
}

function atEnd(): boolean {
  return window.innerHeight + window.scrollY > document.body.scrollHeight - NEAR_PX || onScreen(letter().lastElementChild);
}

function onScreen(one: Element | null): boolean {
  if (!one) return true;
  const { top, bottom } = one.getBoundingClientRect();
  return bottom > 0 && top < window.innerHeight;
}

let firstArrived: HTMLElement | null = null;

function arrived(fresh: HTMLElement[], near: boolean): void {
  if (near && document.visibilityState === "visible") return noteRead();
  firstArrived = firstArrived ?? fresh[0] ?? null;
  waiting += fresh.length;
  const bar = element("arrived");
  const link = bar.querySelector("a") as HTMLAnchorElement;
  link.textContent = ngettext("%(num)s new reply", "%(num)s new replies", waiting);
  if (firstArrived) link.href = `#${firstArrived.id}`;
  bar.hidden = false;
}

function seenAll(): void {
  waiting = 0;
  firstArrived = null;
  element("arrived").hidden = true;
  noteRead();
}

/** Somebody changed, took out or voted for it. What is opened in it to be filled in is left alone. */
async function again(key: string): Promise<void> {
  const there = postOf(key);
  if (!there || there.contains(document.activeElement) || there.querySelector("details[open]")) return;
  const found = await fetched(`/topics/${page.topic}/posts?to=${key}`);
  const now = found?.getElementById(there.id);
  if (!now) return;
  there.replaceWith(now);
  void setFormulas(now, page.formulas ?? "");
}

/** Its title, state, or place; what is being filled in beside it is left alone. */
async function headAgain(): Promise<void> {
  const answer = await fetched(location.pathname);
  if (!answer) return location.reload();
  for (const id of ["topic-head", "topic-side"]) {
    const there = document.getElementById(id);
    const now = answer.getElementById(id);
    const busy = there?.contains(document.activeElement) || there?.querySelector("details[open]:not(.more)");
    if (there && now && !busy) there.replaceWith(now);
  }
}

async function written(post: string | null, words?: Words): Promise<void> {
  if (post && post <= last) await missed(post);
  else if (post && words) await shown(post, words);
  else await more();
}

function changed(data: Change): void {
  const { post, words } = data;
  if (data.change === "post") inTurn(() => written(post, words));
  else if (data.post) inTurn(() => again(data.post ?? ""));
  else window.setTimeout(() => inTurn(headAgain), SOON_MS);
}

// Reading

function noteRead(): void {
  if (!last || read >= last || document.visibilityState !== "visible") return;
  const before = read;
  const upto = last;
  read = upto;
  // Not taken, it is said again with the next: the page may have been signed out, or the server ill.
  const again = (): void => {
    if (read === upto) read = before;
  };
  void fetch(`/api/topics/${page.topic}/reading`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ read_post_id: upto }),
    keepalive: true,
  }).then((answer) => {
    if (!answer.ok) again();
  }, again);
}

/** When the end of the page has been on the screen. */
function watchReading(): void {
  new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting)) seenAll();
  }).observe(element("arrived-here"));
  document.addEventListener("visibilitychange", () => {
    if (onScreen(element("arrived-here"))) noteRead();
  });
}

// Answering

function replyForm(): HTMLFormElement | null {
  return document.querySelector<HTMLFormElement>("form[data-composer=reply]");
}

function answered(form: HTMLFormElement): HTMLInputElement {
  return form.elements.namedItem("reply_to") as HTMLInputElement;
}

function answerTo({ quote = "", by = "" }: DOMStringMap): void {
  const form = replyForm();
  if (!form) return;
  answered(form).value = quote;
  sayAnswering(form, by);
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

/** `by` empty: nobody knows yet whose post it is. */
function sayAnswering(form: HTMLFormElement, by: string): void {
  const line = form.querySelector<HTMLElement>("[data-answering]");
  if (!line) return;
  line.hidden = !answered(form).value;
  const who = line.querySelector("[data-answering-who]");
  if (who) who.textContent = by ? _("Answer to %(name)s", { name: by }) : _("Answer to a post");
}

/** Words that were left came back, from this computer or another: so does whom they answer. */
async function restoreAnswering(form: HTMLFormElement): Promise<void> {
  const key = answered(form).value;
  const here = writerOf(key, document);
  sayAnswering(form, here);
  if (!key || here) return;
  const there = await fetched(`/topics/${page.topic}/posts?to=${key}`);
  if (there && answered(form).value === key) sayAnswering(form, writerOf(key, there));
}

function writerOf(key: string, where: Document): string {
  const post = key ? where.getElementById(`post-${key}`) : null;
  return post?.querySelector(".who strong")?.textContent ?? "";
}

function showForm(): void {
  const form = replyForm();
  if (!form) return;
  form.querySelector("textarea")?.focus();
  form.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a.quote, a[data-answering-off]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  answerTo(link.dataset);
  showForm();
});

const THINGS: Record<string, string> = { lesson: "lesson", moment: "lesson", material: "material", course: "course", textbook: "node" };

/** Words that came back are about what they were begun about, whatever this page was opened for. */
async function restoreAbout(form: HTMLFormElement, anchor: Record<string, unknown> | null): Promise<void> {
  const place = document.getElementById("about");
  const field = form.elements.namedItem("anchor") as HTMLInputElement | null;
  if (!place || thing(anchor) === thing(field?.value ? (JSON.parse(field.value) as Record<string, unknown>) : null)) return;
  form.querySelector("[data-page]")?.closest("label")?.remove();
  const there = await fetched(`${location.pathname}${anchor ? `?${thing(anchor)}` : ""}`);
  place.replaceChildren(...Array.from(there?.getElementById("about")?.children ?? []));
  place.hidden = place.children.length === 0;
}

/** As an address says it. */
function thing(anchor: Record<string, unknown> | null): string {
  if (!anchor) return "";
  const asked = new URLSearchParams({ [THINGS[String(anchor["kind"])] ?? ""]: String(anchor["id"]) });
  if (anchor["at_ms"] !== undefined) asked.set("at", String(Math.floor(Number(anchor["at_ms"]) / 1000)));
  if (anchor["page"] !== undefined) asked.set("page", String(anchor["page"]));
  return asked.toString();
}

/** The page of a material that a topic is about is said in the form. */
function choosePage(): void {
  const field = document.querySelector<HTMLInputElement>("[data-page]");
  const anchor = field?.form?.elements.namedItem("anchor") as HTMLInputElement | null | undefined;
  if (!field || !anchor) return;
  field.addEventListener("input", () => {
    const { page: _before, ...about } = JSON.parse(anchor.value) as Record<string, unknown>;
    anchor.value = JSON.stringify(field.validity.valid && field.value ? { ...about, page: field.valueAsNumber } : about);
  });
}

function startWriting(): void {
  const found = composers(page.group, page.names);
  const reply = replyForm();
  reply?.addEventListener("filled", () => void restoreAnswering(reply));
  const begun = document.querySelector<HTMLFormElement>("form[data-composer=new]");
  begun?.addEventListener("filled", (event) => void restoreAbout(begun, (event as CustomEvent<Record<string, unknown> | null>).detail));
  if (!page.me) return;
  const outbox = new Outbox(page.me);
  for (const one of found) {
    if (page.topic) keep(one, outbox, ofReply(page.topic));
    else keep(one, outbox, ofTopic());
  }
}

function ofReply(topic: string): Parameters<typeof keep>[2] {
  return {
    groupId: page.group,
    topicId: topic,
    sendTo: `/api/topics/${topic}/posts`,
    onQueued: () => answerTo({}),
    onSent: (answer) => {
      const { id, topic_id } = answer as { id: string; topic_id: string };
      // It may have been joined with another meanwhile.
      if (topic_id !== topic || !page.ends) return location.assign(`/topics/${topic_id}?to=${id}#post-${id}`);
      inTurn(async () => {
        await (postOf(id) ? again(id) : more());
        postOf(id)?.scrollIntoView({ block: "nearest" });
        seenAll();
      });
    },
  };
}

function ofTopic(): Parameters<typeof keep>[2] {
  return {
    groupId: page.group,
    topicId: null,
    sendTo: `/api/groups/${page.group}/topics`,
    onSent: (answer) => location.assign(`/topics/${(answer as { id: string }).id}`),
  };
}

choosePage();
startWriting();
if (page.topic) {
  const end = document.createElement("div");
  end.id = "arrived-here";
  letter().after(end);
  void setFormulas(letter(), page.formulas ?? "");
  watchReading();
  ofPage().open<{ post: string | null }>(`board:${page.topic}`, {
    onSnapshot: ({ post }) => {
      if (post && post > last) inTurn(more);
    },
    onEvent: (data) => changed(data as Change),
  });
}

expose({ last: () => last, read: () => read, waiting: () => waiting });
