/**
 * What was written and is to be sent: kept on this computer, and sent by one tab until the server has
 * it, exactly once by its key, however often the page is closed, the link lost or the server away.
 */

import { hold } from "./lease";
import { Problem, problemOf } from "./problem";
import { Shelf, type Words } from "./shelf";

/** Milliseconds; tests are in more of a hurry than people. */
export interface Pace {
  debounce: number;
  firstWait: number;
  longestWait: number;
  answerWithin: number;
}

export const PACE: Pace = { debounce: 1500, firstWait: 1000, longestWait: 30_000, answerWithin: 20_000 };

/** A Problem that can go from tab to tab. */
export interface Trouble {
  status: number;
  code: string;
  detail: string;
}

export type News =
  | { kind: "sending"; sentAs: string }
  | { kind: "sent"; sentAs: string; answer: unknown }
  /** It goes on by itself. A 401 waits until its person has logged in again. */
  | { kind: "waiting"; sentAs: string; trouble: Trouble }
  /** Not taken: a draft again, `now` its key. */
  | { kind: "returned"; sentAs: string; now: string; trouble: Trouble };

export const DRAFTS = "/api/drafts";
const CHANNEL = "tongke.words";
/** Whoever is logged in by now in another tab is refused (401), not taken for the writer. */
const PERSON = "Tongke-Person";
const OFFLINE = new Problem(0, "offline", "", null);

/** Asks as `person`. Throws a Problem; its status is 0 when there was no answer. */
export async function ask(
  person: string,
  method: string,
  url: string,
  body: object | null,
  { within = PACE.answerWithin, keepalive = false } = {},
): Promise<unknown> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), within);
  const headers: Record<string, string> = { [PERSON]: person, Accept: "application/json" };
  if (body) headers["Content-Type"] = "application/json";
  const request: RequestInit = { method, headers, keepalive, signal: stop.signal, redirect: "error" };
  if (body) request.body = JSON.stringify(body);
  try {
    const response = await fetch(url, request).catch(() => Promise.reject(OFFLINE));
    if (!response.ok) throw await problemWithNow(response);
    if (response.status === 204) return null;
    // An answer that broke off in the middle is no answer.
    return await response.json().catch(() => Promise.reject(OFFLINE));
  } finally {
    clearTimeout(timer);
  }
}

/** A problem with the further members of its body. */
export class Refusal extends Problem {
  constructor(
    problem: Problem,
    readonly body: Record<string, unknown>,
  ) {
    super(problem.status, problem.code, problem.detail, problem.retryAfterS);
  }
}

async function problemWithNow(response: Response): Promise<Problem> {
  const copy = response.clone();
  const problem = await problemOf(response);
  const body = (await copy.json().catch(() => ({}))) as Record<string, unknown>;
  return new Refusal(problem, body);
}

export function troubleOf({ status, code, detail }: Problem): Trouble {
  return { status, code, detail };
}

/** Nothing is wrong with the words: the link, the server, or who is logged in. */
export function passes(problem: Trouble): boolean {
  return problem.status === 0 || problem.status >= 500 || [401, 408, 425, 429].includes(problem.status);
}

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Between a half and the whole: pages that lost one server do not all come back at once. */
export function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

function bodyOf(words: Words): object {
  const said = { sent_as: words.sentAs, text: words.text, ...words.more };
  if (words.topicId !== null) return words.replyTo ? { ...said, reply_to_id: words.replyTo } : said;
  return { ...said, title: words.title, ...(words.anchor ? { anchor: words.anchor } : {}) };
}

export class Outbox {
  readonly shelf = new Shelf();
  private readonly listeners = new Set<(news: News) => void>();
  /** What this computer does not take: as long as the page is open it is at least here. */
  private readonly unstored = new Map<string, Words>();
  private readonly channel = "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;
  private running = false;
  private again = false;
  private wait: number;
  private timer = 0;

  constructor(
    readonly person: string,
    readonly pace: Pace = PACE,
  ) {
    this.wait = pace.firstWait;
    if (this.channel) this.channel.onmessage = (event: MessageEvent<News>) => this.tellHere(event.data);
    addEventListener("online", this.hurry);
    addEventListener("focus", this.hurry);
    addEventListener("pageshow", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.kick();
  }

  /** What becomes of words, by whichever tab; the function returned ends that. */
  listen(listener: (news: News) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Everything of this person that is not sent yet, drafts among it. */
  async entries(): Promise<Words[]> {
    const there = await this.shelf.all(this.person);
    return [...this.unstored.values(), ...there.filter((one) => !this.unstored.has(one.sentAs))];
  }

  /** To be sent, or (`gone`) to be taken out. Whether this computer has it even if it is switched off. */
  async add(words: Words): Promise<boolean> {
    const stored = await this.keep(words);
    this.kick();
    return stored;
  }

  stop(): void {
    clearTimeout(this.timer);
    this.channel?.close();
    for (const name of ["online", "focus", "pageshow"]) removeEventListener(name, this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
  }

  private async keep(words: Words): Promise<boolean> {
    const stored = await this.shelf.put(words);
    if (stored) this.unstored.delete(words.sentAs);
    else this.unstored.set(words.sentAs, words);
    return stored;
  }

  private readonly hurry = (): void => {
    this.wait = this.pace.firstWait;
    this.kick();
  };

  kick(): void {
    clearTimeout(this.timer);
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    void this.run().finally(() => {
      this.running = false;
      if (this.again) {
        this.again = false;
        this.kick();
      }
    });
  }

  private later(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.kick(), jittered(this.wait));
    this.wait = Math.min(this.wait * 2, this.pace.longestWait);
  }

  private async run(): Promise<void> {
    if (!(await this.next()).length) return;
    const held = await hold(`outbox.${this.person}`);
    if (!held) {
      // Another tab is at it; should it be closed, this one goes on.
      this.later();
      return;
    }
    try {
      if (await this.sendAll()) this.wait = this.pace.firstWait;
      else this.later();
    } finally {
      held.release();
    }
  }

  private async next(): Promise<Words[]> {
    return (await this.entries()).filter((one) => one.state !== "draft").reverse();
  }

  /** Whether nothing is left that has to be tried again. */
  private async sendAll(): Promise<boolean> {
    let done = true;
    for (const words of await this.next()) {
      const problem = await this.sendOne(words);
      if (problem === null) continue;
      done = false;
      if (problem.retryAfterS) this.wait = Math.max(this.wait, problem.retryAfterS * 1000);
      // The others would hear the same.
      if (problem.status === 0 || problem.status === 401 || problem.status === 429) return false;
    }
    return done;
  }

  /** What hinders it; null when it is settled. */
  private async sendOne(words: Words): Promise<Problem | null> {
    const { sentAs } = words;
    try {
      if (words.state === "gone") await this.takeOut(words);
      else await this.send(words);
      return null;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (passes(error)) {
        this.tell({ kind: "waiting", sentAs, trouble: troubleOf(error) });
        return error;
      }
      // Under their key another device has sent other words: these are words of their own.
      const now = error.code === "sent" ? newKey() : sentAs;
      const fresh = now === sentAs ? {} : { sentAs: now, version: null, kept: -1, tried: [] };
      await this.keep({ ...words, ...fresh, state: "draft", why: error.detail || error.code });
      if (now !== sentAs) await this.forget(sentAs);
      this.tell({ kind: "returned", sentAs, now, trouble: troubleOf(error) });
      return null;
    }
  }

  private async send(words: Words): Promise<void> {
    this.tell({ kind: "sending", sentAs: words.sentAs });
    const answer = await ask(this.person, "POST", words.sendTo, bodyOf(words), {
      within: this.pace.answerWithin,
    });
    await this.forget(words.sentAs);
    this.tell({ kind: "sent", sentAs: words.sentAs, answer });
  }

  private async takeOut(words: Words): Promise<void> {
    const version = words.version === null ? "" : `?version=${words.version}`;
    try {
      await ask(this.person, "DELETE", `${DRAFTS}/${words.sentAs}${version}`, null, {
        within: this.pace.answerWithin,
      });
    } catch (error) {
      // What grew on another device meanwhile stays there.
      if (!(error instanceof Problem) || passes(error)) throw error;
    }
    await this.forget(words.sentAs);
  }

  private async forget(sentAs: string): Promise<void> {
    this.unstored.delete(sentAs);
    await this.shelf.remove(sentAs);
  }

  private tell(news: News): void {
    this.tellHere(news);
    try {
      this.channel?.postMessage(news);
    } catch {
      // Closed with the page.
    }
  }

  private tellHere(news: News): void {
    for (const listener of this.listeners) listener(news);
  }
}
