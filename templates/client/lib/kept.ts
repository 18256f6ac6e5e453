/** Words somebody is writing: put on this computer at once and on the server soon, and where they are. */

import { keepDraft, marked, type Draft } from "./drafts";
import type { Hold } from "./lease";
import { Problem } from "./problem";
import { jittered, newKey, passes, Refusal, troubleOf, type Outbox, type Trouble } from "./sending";
import type { Words } from "./shelf";
import type { Theirs, Where } from "./where";

/** A keepalive request may have 64 KiB; what is longer is on this computer. */
const MOST_KEEPALIVE = 60_000;
const MOST_TRIED = 50;

export interface Events {
  /** Where they are has changed, or what hinders. */
  onChange(): void;
  /** Another device has sent these very words. */
  onSent(): void;
  /** The server's words go on instead of these. */
  onTake(there: Theirs): void;
}

export class Kept {
  trouble: Trouble | null = null;
  theirs: Theirs | null = null;
  /** Nothing is saved before it is known what the server has. */
  compared = false;
  private stored: number;
  private storing = false;
  private failed = false;
  private saving = false;
  private closed = false;
  private timer = 0;
  private wait: number;

  /** `held`: no other tab writes them. `stored`: they come from this computer or the server. */
  constructor(
    readonly words: Words,
    private held: Hold | null,
    private readonly outbox: Outbox,
    private readonly events: Events,
    stored: boolean,
  ) {
    this.stored = stored ? words.edit : -1;
    this.wait = outbox.pace.firstWait;
    if (words.why) this.trouble = { status: 400, code: "returned", detail: words.why };
  }

  get where(): Where {
    const { words } = this;
    if (!words.text && !words.title) return "nothing";
    if (words.kept === words.edit) return "server";
    if (this.stored === words.edit) return "computer";
    return this.failed ? "nowhere" : "saving";
  }

  get dirty(): boolean {
    return this.words.edit > this.words.kept;
  }

  /** They are somebody else's to keep from here on: sent, taken out, or the page is another. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.held?.release();
    this.held = null;
  }

  /** Not taken by those: hers to go on with, under the key `now`. */
  open(now: string): void {
    this.closed = false;
    if (now !== this.words.sentAs) Object.assign(this.words, { sentAs: now, version: null, kept: -1, tried: [] });
    // What the outbox has of them counts one change more.
    this.words.edit += 1;
  }

  hold(held: Hold | null): void {
    if (this.closed) held?.release();
    else this.held = held;
  }

  typed(): void {
    this.trouble = null;
    void this.store();
    this.schedule(this.outbox.pace.debounce);
  }

  /** `again`: what is known of the server has changed, the words have not. */
  async store(again = false): Promise<void> {
    const { words } = this;
    if (this.closed || (this.storing && !again)) return;
    this.storing = true;
    try {
      do {
        const edit = words.edit;
        const kept = await this.outbox.shelf.put(words);
        // Sent or taken out meanwhile: what is on the shelf by then says so.
        if (this.closed) return;
        this.failed = !kept;
        if (kept) this.stored = edit;
        // The server is the only place left, and in a hurry for new words only.
        else if (!again) this.schedule(0);
        this.events.onChange();
      } while (this.stored < words.edit && !this.failed);
    } finally {
      this.storing = false;
    }
  }

  schedule(ms: number): void {
    clearTimeout(this.timer);
    if (!this.theirs && !this.closed) this.timer = window.setTimeout(() => void this.save(), ms);
  }

  /** What hindered may be over. */
  hurry(): void {
    this.wait = this.outbox.pace.firstWait;
    if (this.dirty && this.trouble && passes(this.trouble)) this.schedule(0);
  }

  /** With the draft of the same key that the server has. */
  meet(there: Draft | undefined): void {
    const { words } = this;
    if (!there || there.version === words.version) return;
    if (marked(there) === marked(words)) this.agree(there.version, words.edit);
    else if (words.tried.includes(marked(there))) {
      words.version = there.version;
      this.schedule(0);
    } else if (this.dirty) this.theirs = there;
    else this.take(there);
  }

  take(there: Theirs): void {
    this.theirs = null;
    this.events.onTake(there);
    this.agree(there.version, this.words.edit);
  }

  /** These go on, over what another device has left. */
  insist(): void {
    if (!this.theirs) return;
    this.words.version = this.theirs.version;
    this.theirs = null;
    this.schedule(0);
  }

  /** The page is being closed, or only out of sight. */
  leave(): void {
    const { words } = this;
    if (this.closed) return;
    if (this.stored < words.edit) this.outbox.shelf.putNow(words);
    if (!this.dirty || this.theirs || this.saving) return;
    const size = new Blob([words.text, words.title, JSON.stringify(words.anchor)]).size;
    if (size < MOST_KEEPALIVE) void this.saveLast();
  }

  private agree(version: number, edit: number): void {
    Object.assign(this.words, { version, kept: edit, tried: [] });
    this.trouble = null;
    void this.store(true);
  }

  private async save(): Promise<void> {
    const { words } = this;
    if (this.closed || this.saving || this.theirs || !this.dirty || !this.compared) return;
    this.saving = true;
    const edit = words.edit;
    try {
      const found = await this.put();
      this.wait = this.outbox.pace.firstWait;
      if (!this.closed) this.agree(found.version, edit);
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!this.closed) this.refused(error);
    } finally {
      this.saving = false;
    }
    if (words.edit > edit && !this.trouble) this.schedule(this.outbox.pace.debounce);
    this.events.onChange();
  }

  private async saveLast(): Promise<void> {
    const edit = this.words.edit;
    this.saving = true;
    const found = await this.put(true).catch(() => null);
    this.saving = false;
    if (this.closed) return;
    if (found) this.agree(found.version, edit);
    if (this.dirty) this.schedule(this.outbox.pace.debounce);
    this.events.onChange();
  }

  private put(keepalive = false): Promise<Draft> {
    const { words } = this;
    // Should the answer get lost, this is how one's own words are known again.
    words.tried = [...words.tried, marked(words)].slice(-MOST_TRIED);
    if (keepalive) this.outbox.shelf.putNow(words);
    else void this.store(true);
    return keepDraft(this.outbox, words, keepalive);
  }

  private refused(problem: Problem): void {
    this.trouble = troubleOf(problem);
    if (problem.code === "changed" && problem instanceof Refusal) {
      this.trouble = null;
      this.meet(problem.body["now"] as Draft);
    } else if (problem.code === "sent" && problem instanceof Refusal && problem.body["same"] === true) {
      void this.outbox.shelf.remove(this.words.sentAs);
      this.events.onSent();
    } else if (problem.code === "sent") {
      // From another device; what is here goes on as words of its own.
      void this.outbox.shelf.remove(this.words.sentAs);
      Object.assign(this.words, { sentAs: newKey(), version: null, kept: -1, tried: [] });
      this.stored = -1;
      void this.store();
      this.schedule(0);
    } else if (passes(problem)) {
      this.schedule(jittered(Math.max(this.wait, (problem.retryAfterS ?? 0) * 1000)));
      this.wait = Math.min(this.wait * 2, this.outbox.pace.longestWait);
    }
  }
}
