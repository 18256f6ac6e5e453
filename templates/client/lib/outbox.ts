/**
 * A form whose words are never lost: kept on this computer at every key, on the server soon after, and
 * sent exactly once. Says truthfully where they are.
 *
 *   const outbox = new Outbox(personId);
 *   const writing = attach(form, { outbox, groupId, topicId, sendTo: `/api/topics/${topicId}/posts`,
 *     onState: (state) => say("where", wordsOf(state)), onSent: (_words, answer) => show(answer) });
 *
 * The form has a field `text`, and perhaps `title`, `reply_to` (a post's id) and `anchor` (JSON).
 */

import { Fields } from "./fields";
import { hold, type Hold } from "./lease";
import { Problem } from "./problem";
import {
  ask, DRAFTS, jittered, newKey, passes, Refusal, troubleOf, type News, type Outbox, type Trouble,
} from "./sending";
import type { Words } from "./shelf";
import type { State, Theirs, Where } from "./where";

export { Outbox } from "./sending";
export type { Words } from "./shelf";
export { wordsOf, type State, type Theirs, type Where } from "./where";

export interface Options {
  outbox: Outbox;
  groupId: string;
  /** Null: the form begins a topic. */
  topicId: string | null;
  sendTo: string;
  more?: () => Record<string, unknown>;
  onState?: (state: State) => void;
  /** On their way: the form is empty, or (`stored` false) keeps them until they have arrived. */
  onQueued?: (words: Words, stored: boolean) => void;
  onSent?: (sentAs: string, answer: unknown) => void;
  /** Not taken: a draft again, in this form when it was empty. */
  onReturned?: (sentAs: string, trouble: Trouble) => void;
}

/** A keepalive request may have 64 KiB; what is longer is on this computer. */
const MOST_KEEPALIVE = 60_000;
const MOST_TRIED = 50;

export function attach(form: HTMLFormElement, options: Options): Writing {
  return new Writing(form, options);
}

export class Writing {
  /** What was left here before is in the form. */
  readonly ready: Promise<void>;
  private readonly fields: Fields;
  private words: Words | null = null;
  private held: Hold | null = null;
  private stored = 0;
  private storing = false;
  private failed = false;
  private saving = false;
  private compared = false;
  private timer = 0;
  private wait: number;
  private trouble: Trouble | null = null;
  private theirs: Theirs | null = null;
  /** What left this form, by key: how far it has come. */
  private readonly sent = new Map<string, "sending" | "waiting">();
  private readonly stops: (() => void)[] = [];

  constructor(
    form: HTMLFormElement,
    private readonly options: Options,
  ) {
    this.fields = new Fields(form);
    this.wait = options.outbox.pace.firstWait;
    this.on(form, "input", () => this.changed());
    this.on(form, "submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.on(window, "pagehide", () => this.leaving());
    this.on(document, "visibilitychange", () => this.seen());
    for (const name of ["online", "focus", "pageshow"]) this.on(window, name, () => this.hurry());
    this.on(window, "beforeunload", (event) => {
      if (this.state.where !== "nowhere") return;
      event.preventDefault();
      (event as BeforeUnloadEvent).returnValue = "";
    });
    this.stops.push(options.outbox.listen((news) => void this.heard(news)));
    this.ready = this.restore();
  }

  get state(): State {
    const ways = [...this.sent.values()];
    const sending = ways.includes("sending") ? "sending" : ways.length ? "waiting" : "no";
    return { where: this.where(), sending, trouble: this.trouble, theirs: this.theirs };
  }

  /** Send what is in the form. */
  async submit(): Promise<void> {
    this.read();
    const words = this.words;
    if (!words || !words.text.trim() || this.isLeaving(words)) return;
    clearTimeout(this.timer);
    const leaving: Words = { ...words, state: "waiting", why: "", edit: words.edit + 1 };
    this.sent.set(words.sentAs, "sending");
    this.trouble = this.theirs = null;
    this.fields.lock(true);
    const stored = await this.options.outbox.add(leaving);
    // Already there and answered, it is not in the form any more.
    if (stored && this.words === words) this.clear();
    this.options.onQueued?.(leaving, stored);
    this.say();
  }

  /** Take the words out, here and on the server. */
  async discard(): Promise<void> {
    const words = this.words;
    if (!words) return;
    this.clear();
    await this.options.outbox.add({ ...words, state: "gone", edit: words.edit + 1 });
  }

  /** Which of two texts of one draft goes on here; `mine` that does not stays as a draft of its own. */
  async choose(which: "mine" | "theirs"): Promise<void> {
    const { words, theirs } = this;
    if (!words || !theirs) return;
    this.theirs = null;
    if (which === "theirs") {
      await this.options.outbox.shelf.put({ ...words, sentAs: newKey(), version: null, kept: 0 });
      this.take(theirs);
    } else {
      words.version = theirs.version;
      this.schedule(0);
    }
    await this.store();
    this.say();
  }

  detach(): void {
    clearTimeout(this.timer);
    this.held?.release();
    for (const stop of this.stops) stop();
  }

  private on(target: EventTarget, name: string, act: (event: Event) => void): void {
    target.addEventListener(name, act);
    this.stops.push(() => target.removeEventListener(name, act));
  }

  private where(): Where {
    const words = this.words;
    if (!words || !(words.text || words.title)) return "nothing";
    if (words.kept === words.edit) return "server";
    if (this.stored === words.edit) return "computer";
    return this.failed ? "nowhere" : "saving";
  }

  private say(): void {
    this.options.onState?.(this.state);
  }

  // The form

  private clear(): void {
    clearTimeout(this.timer);
    this.words = this.theirs = this.trouble = null;
    this.stored = 0;
    this.failed = false;
    this.held?.release();
    this.held = null;
    this.fields.clear();
    this.say();
  }

  /** Whether the form says something else than what is known. */
  private read(): boolean {
    const said = this.fields.said();
    if (!this.words && !said.title && !said.text) return false;
    const words = (this.words ??= this.blank());
    if (this.isLeaving(words)) return false;
    words.more = this.options.more?.() ?? words.more;
    const known = { title: words.title, text: words.text, replyTo: words.replyTo, anchor: words.anchor };
    if (JSON.stringify(known) === JSON.stringify(said)) return false;
    Object.assign(words, said);
    words.edit += 1;
    return true;
  }

  private isLeaving(words: Words): boolean {
    return this.sent.has(words.sentAs);
  }

  private blank(): Words {
    const { outbox, groupId, topicId, sendTo } = this.options;
    const sentAs = newKey();
    void hold(`words.${sentAs}`).then((held) => (this.words?.sentAs === sentAs ? (this.held = held) : held?.release()));
    return {
      sentAs, person: outbox.person, groupId, topicId, sendTo, title: "", text: "", anchor: null,
      replyTo: null, more: {}, edit: 0, kept: -1, version: null, tried: [], state: "draft", why: "",
    };
  }

  private changed(): void {
    if (!this.read()) return;
    this.trouble = null;
    void this.store();
    this.schedule(this.options.outbox.pace.debounce);
    this.say();
  }

  // What was left here before

  private async restore(): Promise<void> {
    const { outbox, groupId, topicId } = this.options;
    for (const one of await outbox.entries()) {
      if (one.groupId !== groupId || one.topicId !== topicId) continue;
      if (one.state === "waiting") this.sent.set(one.sentAs, "waiting");
      if (one.state === "draft" && !this.words) await this.adopt(one);
    }
    this.say();
    await this.compare();
    this.compared = true;
    if (this.words && this.words.edit > this.words.kept) this.schedule(0);
    this.say();
  }

  /** Unless another tab has it open: two tabs would write over each other. */
  private async adopt(words: Words): Promise<boolean> {
    const held = await hold(`words.${words.sentAs}`);
    if (!held || this.words) {
      held?.release();
      return false;
    }
    this.held = held;
    this.words = { ...words, state: "draft", sendTo: this.options.sendTo };
    this.stored = words.edit;
    this.fields.fill(words);
    if (words.why) this.trouble = { status: 400, code: "returned", detail: words.why };
    return true;
  }

  /** With what the server has: of another device, or of a computer whose browser forgot. */
  private async compare(): Promise<void> {
    const { groupId, topicId, outbox } = this.options;
    const where = topicId === null ? `group_id=${groupId}` : `topic_id=${topicId}`;
    let drafts: Draft[];
    try {
      const found = await ask(outbox.person, "GET", `${DRAFTS}?${where}`, null);
      drafts = (found as { drafts: Draft[] }).drafts.filter((one) => one.topic_id === topicId);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (passes(error)) this.trouble = troubleOf(error);
      return;
    }
    const gone = new Set((await outbox.entries()).filter((one) => one.state !== "draft").map((one) => one.sentAs));
    this.read();
    if (!this.words) {
      const left = drafts.filter((one) => !gone.has(one.sent_as));
      for (const one of left) if (await this.adopt(this.ofServer(one))) break;
    } else this.meet(drafts.find((one) => one.sent_as === this.words?.sentAs));
  }

  private ofServer(one: Draft): Words {
    return {
      ...this.blank(), sentAs: one.sent_as, title: one.title, text: one.text, anchor: one.anchor,
      replyTo: one.reply_to, edit: 1, kept: 1, version: one.version,
    };
  }

  private meet(there: Draft | undefined): void {
    const words = this.words;
    if (!words || !there) return;
    const dirty = words.edit > words.kept;
    if (there.version !== words.version) {
      if (marked(there) === marked(words)) this.agree(words, there.version, words.edit);
      else if (words.tried.includes(marked(there))) {
        words.version = there.version;
        this.schedule(0);
      } else if (dirty) this.theirs = there;
      else this.take(there);
    }
  }

  /** The words of the server go on here. */
  private take(there: Theirs): void {
    if (!this.words) return;
    this.fields.fill(there);
    this.read();
    this.agree(this.words, there.version, this.words.edit);
  }

  private agree(words: Words, version: number, edit: number): void {
    words.version = version;
    words.kept = edit;
    words.tried = [];
    this.trouble = null;
    void this.store(true);
  }

  // On this computer

  /** `again`: what is known of the server has changed, the words have not. */
  private async store(again = false): Promise<void> {
    const words = this.words;
    if (!words || this.isLeaving(words) || (this.storing && !again)) return;
    this.storing = true;
    try {
      do {
        const edit = words.edit;
        const kept = await this.options.outbox.shelf.put(words);
        // Sent or taken out meanwhile: what is on the shelf by then says so.
        if (this.words !== words || this.isLeaving(words)) return;
        this.failed = !kept;
        if (kept) this.stored = edit;
        else this.schedule(0);
        this.say();
      } while (this.stored < words.edit && !this.failed);
    } finally {
      this.storing = false;
    }
  }

  // On the server

  private schedule(ms: number): void {
    clearTimeout(this.timer);
    if (!this.theirs) this.timer = window.setTimeout(() => void this.save(), ms);
  }

  private async save(): Promise<void> {
    const words = this.words;
    if (!words || this.saving || this.theirs || words.edit === words.kept) return;
    if (this.isLeaving(words) || !this.compared) return;
    this.saving = true;
    const edit = words.edit;
    const here = (): boolean => this.words === words && !this.isLeaving(words);
    try {
      const found = (await this.put(words)) as Draft;
      this.wait = this.options.outbox.pace.firstWait;
      if (here()) this.agree(words, found.version, edit);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (here()) this.refused(words, error);
    } finally {
      this.saving = false;
    }
    if (here() && words.edit > edit && !this.trouble) this.schedule(this.options.outbox.pace.debounce);
    this.say();
  }

  private put(words: Words, keepalive = false): Promise<unknown> {
    const { outbox } = this.options;
    const { groupId, topicId, title, text, anchor, replyTo, version } = words;
    const body = { group_id: groupId, topic_id: topicId, title, text, anchor, reply_to: replyTo, version };
    const within = outbox.pace.answerWithin;
    // Should the answer get lost, this is how one's own words are known again.
    words.tried = [...words.tried, marked(words)].slice(-MOST_TRIED);
    if (keepalive) this.options.outbox.shelf.putNow(words);
    else void this.store(true);
    return ask(outbox.person, "PUT", `${DRAFTS}/${words.sentAs}`, body, { within, keepalive });
  }

  private refused(words: Words, problem: Problem): void {
    this.trouble = troubleOf(problem);
    if (problem.code === "changed" && problem instanceof Refusal) {
      this.trouble = null;
      this.meet(problem.body["now"] as Draft);
    } else if (problem.code === "sent") {
      // From another device; what is here goes on as words of its own.
      void this.options.outbox.shelf.remove(words.sentAs);
      this.held?.release();
      this.words = { ...words, sentAs: newKey(), version: null, kept: -1, tried: [] };
      this.stored = 0;
      void this.store();
      this.schedule(0);
    } else if (passes(problem)) {
      this.schedule(jittered(Math.max(this.wait, (problem.retryAfterS ?? 0) * 1000)));
      this.wait = Math.min(this.wait * 2, this.options.outbox.pace.longestWait);
    }
  }

  // The page comes and goes

  private hurry(): void {
    this.wait = this.options.outbox.pace.firstWait;
    if (this.words && this.words.edit > this.words.kept && this.trouble && passes(this.trouble)) this.schedule(0);
  }

  private seen(): void {
    if (document.visibilityState === "visible") this.hurry();
    else this.leaving();
  }

  private leaving(): void {
    this.read();
    const words = this.words;
    if (!words || this.isLeaving(words)) return;
    if (this.stored < words.edit) this.options.outbox.shelf.putNow(words);
    if (words.edit === words.kept || this.theirs || this.saving) return;
    const size = new Blob([words.text, words.title, JSON.stringify(words.anchor)]).size;
    if (size < MOST_KEEPALIVE) void this.saveLast(words);
  }

  /** The page may only be out of sight, and hear the answer. */
  private async saveLast(words: Words): Promise<void> {
    const edit = words.edit;
    this.saving = true;
    const found = (await this.put(words, true).catch(() => null)) as Draft | null;
    this.saving = false;
    if (this.words !== words || this.isLeaving(words)) return;
    if (found) this.agree(words, found.version, edit);
    if (words.edit > words.kept) this.schedule(this.options.outbox.pace.debounce);
    this.say();
  }

  private async heard(news: News): Promise<void> {
    const { sentAs } = news;
    if (!this.sent.has(sentAs)) return;
    if (news.kind === "sent" || news.kind === "returned") {
      this.sent.delete(sentAs);
      if (this.words?.sentAs === sentAs) this.settle(news);
      else if (news.kind === "returned") await this.comeBack(sentAs);
      this.trouble = news.kind === "returned" ? news.trouble : null;
      if (news.kind === "sent") this.options.onSent?.(sentAs, news.answer);
      else this.options.onReturned?.(sentAs, news.trouble);
    } else {
      this.sent.set(sentAs, news.kind);
      if (news.kind === "waiting") this.trouble = news.trouble;
    }
    this.say();
  }

  /** The words had stayed in the form, because nothing on this computer took them. */
  private settle(news: News): void {
    if (news.kind === "sent") this.clear();
    else this.fields.lock(false);
    // What the outbox has of them counts one change more.
    if (this.words) this.words.edit += 1;
  }

  private async comeBack(sentAs: string): Promise<void> {
    const found = (await this.options.outbox.entries()).find((one) => one.sentAs === sentAs);
    this.read();
    if (found && !this.words) await this.adopt(found);
  }
}

interface Draft extends Theirs {
  sent_as: string;
  topic_id: string | null;
  anchor: Record<string, unknown> | null;
  reply_to: string | null;
}

/** Short for a title and a text (FNV-1a, twice): nobody is meant to be kept from making the same. */
function marked({ title, text }: { title: string; text: string }): string {
  let [one, other] = [0x811c9dc5, 0x9dc5811c];
  for (const char of `${title}\n${text}`) {
    const point = char.codePointAt(0) ?? 0;
    one = Math.imul(one ^ point, 0x01000193);
    other = Math.imul(other + point, 0x85ebca6b) ^ (other >>> 13);
  }
  return `${(one >>> 0).toString(36)}.${(other >>> 0).toString(36)}`;
}
