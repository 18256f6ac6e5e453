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

import { draftsOf, type Draft } from "./drafts";
import { Fields } from "./fields";
import { Kept } from "./kept";
import { hold } from "./lease";
import { Problem } from "./problem";
import { newKey, passes, troubleOf, type News, type Outbox, type Trouble } from "./sending";
import type { Words } from "./shelf";
import type { State } from "./where";

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

export function attach(form: HTMLFormElement, options: Options): Writing {
  return new Writing(form, options);
}

export class Writing {
  /** What was left here before is in the form. */
  readonly ready: Promise<void>;
  private readonly fields: Fields;
  private kept: Kept | null = null;
  private compared = false;
  /** What hinders what is on its way, or hindered asking what the server has. */
  private trouble: Trouble | null = null;
  /** What left this form, by key: how far it has come. */
  private readonly sent = new Map<string, "sending" | "waiting">();
  private readonly stops: (() => void)[] = [];

  constructor(
    form: HTMLFormElement,
    private readonly options: Options,
  ) {
    this.fields = new Fields(form);
    this.on(form, "input", () => this.changed());
    this.on(form, "submit", (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.on(window, "pagehide", () => this.leaving());
    this.on(document, "visibilitychange", () => {
      if (document.visibilityState === "visible") this.kept?.hurry();
      else this.leaving();
    });
    for (const name of ["online", "focus", "pageshow"]) this.on(window, name, () => this.kept?.hurry());
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
    const { where = "nothing", trouble = null, theirs = null } = this.kept ?? {};
    return { where, sending, trouble: trouble ?? this.trouble, theirs };
  }

  /** Send what is in the form. */
  async submit(): Promise<void> {
    this.read();
    const kept = this.kept;
    if (!kept || !kept.words.text.trim() || this.isLeaving(kept)) return;
    const leaving: Words = { ...kept.words, state: "waiting", why: "", edit: kept.words.edit + 1 };
    this.sent.set(leaving.sentAs, "sending");
    kept.close();
    kept.trouble = kept.theirs = this.trouble = null;
    this.fields.lock(true);
    const stored = await this.options.outbox.add(leaving);
    // Already there and answered, it is not in the form any more.
    if (stored && this.kept === kept) this.clear();
    this.options.onQueued?.(leaving, stored);
    this.say();
  }

  /** Take the words out, here and on the server. */
  async discard(): Promise<void> {
    const kept = this.kept;
    if (!kept || this.isLeaving(kept)) return;
    this.clear();
    const { words } = kept;
    await this.options.outbox.add({ ...words, state: "gone", edit: words.edit + 1 });
  }

  /** Which of two texts of one draft goes on here; `mine` that does not stays as a draft of its own. */
  async choose(which: "mine" | "theirs"): Promise<void> {
    const kept = this.kept;
    const theirs = kept?.theirs;
    if (!kept || !theirs) return;
    if (which === "theirs") {
      const mine = { ...kept.words, sentAs: newKey(), version: null, kept: 0, tried: [] };
      await this.options.outbox.shelf.put(mine);
      kept.take(theirs);
    } else kept.insist();
    await kept.store();
    this.say();
  }

  detach(): void {
    this.kept?.close();
    for (const stop of this.stops) stop();
  }

  private on(target: EventTarget, name: string, act: (event: Event) => void): void {
    target.addEventListener(name, act);
    this.stops.push(() => target.removeEventListener(name, act));
  }

  private say(): void {
    this.options.onState?.(this.state);
  }

  private isLeaving(kept: Kept): boolean {
    return this.sent.has(kept.words.sentAs);
  }

  private clear(): void {
    this.kept?.close();
    this.kept = null;
    this.fields.clear();
    this.say();
  }

  private begin(words: Words, held: Awaited<ReturnType<typeof hold>>, stored: boolean): Kept {
    const kept = new Kept(
      words,
      held,
      this.options.outbox,
      {
        onChange: () => this.say(),
        onSent: () => this.clear(),
        onTake: (there) => {
          this.fields.fill({ ...there, replyTo: there.reply_to });
          this.read();
        },
      },
      stored,
    );
    kept.compared = this.compared;
    return kept;
  }

  /** Whether the form says something else than what is known. */
  private read(): boolean {
    const said = this.fields.said();
    if (!this.kept && !said.title && !said.text) return false;
    const kept = (this.kept ??= this.anew());
    if (this.isLeaving(kept)) return false;
    const { words } = kept;
    words.more = this.options.more?.() ?? words.more;
    const known = { title: words.title, text: words.text, replyTo: words.replyTo, anchor: words.anchor };
    if (JSON.stringify(known) === JSON.stringify(said)) return false;
    Object.assign(words, said, { why: "", edit: words.edit + 1 });
    return true;
  }

  private anew(): Kept {
    const words = this.blank();
    const kept = this.begin(words, null, false);
    void hold(`words.${words.sentAs}`).then((held) => kept.hold(held));
    return kept;
  }

  private blank(): Words {
    const { outbox, groupId, topicId, sendTo } = this.options;
    return {
      sentAs: newKey(), person: outbox.person, groupId, topicId, sendTo, title: "", text: "", anchor: null,
      replyTo: null, more: {}, edit: 0, kept: -1, version: null, tried: [], state: "draft", why: "",
    };
  }

  private changed(): void {
    if (!this.read()) return;
    this.trouble = null;
    this.kept?.typed();
    this.say();
  }

  private leaving(): void {
    this.read();
    this.kept?.leave();
  }

  // What was left here before

  private async restore(): Promise<void> {
    const { outbox, groupId, topicId } = this.options;
    for (const one of await outbox.entries()) {
      if (one.groupId !== groupId || one.topicId !== topicId) continue;
      if (one.state === "waiting") this.sent.set(one.sentAs, "waiting");
      if (one.state === "draft" && !this.kept) await this.adopt(one);
    }
    this.say();
    await this.compare();
    this.compared = true;
    if (this.kept) {
      this.kept.compared = true;
      if (this.kept.dirty) this.kept.schedule(0);
    }
    this.say();
  }

  /** Unless another tab has it open: two tabs would write over each other. */
  private async adopt(words: Words): Promise<boolean> {
    const held = await hold(`words.${words.sentAs}`);
    this.read();
    if (!held || this.kept) {
      held?.release();
      return false;
    }
    this.kept = this.begin({ ...words, state: "draft", sendTo: this.options.sendTo }, held, true);
    // Words that answer nobody do not take away whom the page was opened to answer.
    this.fields.fill({ ...words, replyTo: words.replyTo ?? undefined });
    return true;
  }

  /** With what the server has: of another device, or of a computer whose browser forgot. */
  private async compare(): Promise<void> {
    const { groupId, topicId, outbox } = this.options;
    let drafts: Draft[];
    try {
      drafts = await draftsOf(outbox, groupId, topicId);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (passes(error)) this.trouble = troubleOf(error);
      return;
    }
    const gone = new Set((await outbox.entries()).filter((one) => one.state !== "draft").map((one) => one.sentAs));
    this.read();
    if (!this.kept) {
      const left = drafts.filter((one) => !gone.has(one.sent_as));
      for (const one of left) if (await this.adopt(this.ofServer(one))) break;
    } else this.kept.meet(drafts.find((one) => one.sent_as === this.kept?.words.sentAs));
  }

  private ofServer(one: Draft): Words {
    return {
      ...this.blank(), sentAs: one.sent_as, title: one.title, text: one.text, anchor: one.anchor,
      replyTo: one.reply_to, edit: 1, kept: 1, version: one.version,
    };
  }

  // What becomes of what was sent

  private async heard(news: News): Promise<void> {
    const { sentAs } = news;
    if (!this.sent.has(sentAs)) return;
    if (news.kind === "sent" || news.kind === "returned") {
      this.sent.delete(sentAs);
      if (this.kept?.words.sentAs === sentAs) this.settle(this.kept, news);
      else if (news.kind === "returned") await this.comeBack(news.now);
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
  private settle(kept: Kept, news: News & { kind: "sent" | "returned" }): void {
    if (news.kind === "sent") {
      this.clear();
      return;
    }
    this.fields.lock(false);
    kept.open(news.now);
  }

  private async comeBack(sentAs: string): Promise<void> {
    const found = (await this.options.outbox.entries()).find((one) => one.sentAs === sentAs);
    this.read();
    if (found && !this.kept) await this.adopt(found);
  }
}
