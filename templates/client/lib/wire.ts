/** The wire: one WebSocket for all that is live on a page (docs/wire.md). It is made again whenever
 * it is lost, and every topic goes on where it stopped. */

import { Problem } from "./problem";

export interface Handlers<T> {
  onSnapshot(data: T): void;
  /** The next event of an event topic; what the snapshot before it says may contain it already. */
  onEvent?(data: unknown): void;
  /** Whether the topic is connected: what is shown is of now. */
  onUp?(up: boolean): void;
  onRefused?(problem: Problem): void;
}

interface Message {
  type: string;
  topic: string;
  now: string;
  epoch: string;
  id: number;
  data: unknown;
  ref?: string;
  status: number;
  code: string;
  detail: string;
}

interface Saying {
  data: object;
  tries: number;
  resolve(answer: unknown): void;
  reject(problem: Problem): void;
}

const ADDRESS = "/api/wire";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const OPEN_WITHIN_MS = 8000;
/** The server pings every 10 s. */
const SILENT_FOR_MS = 15_000;
const ASK_AGAIN_MS = 8000;
const SAY_AGAIN_MS = 1000;
const TRIES = 5;

/** Between a half and the whole: pages that lost one server do not all come back at once. */
function jittered(ms: number): number {
  return ms * (0.5 + Math.random() / 2);
}

function newRef(): string {
  const words = crypto.getRandomValues(new Uint32Array(4));
  return Array.from(words, (word) => word.toString(36)).join("");
}

/** An open topic. */
export class Topic<T> {
  up = false;
  private epoch: string | null = null;
  private id = 0;
  private timer = 0;
  private readonly sayings = new Map<string, Saying>();

  constructor(
    readonly name: string,
    private readonly wire: Wire,
    private readonly handlers: Handlers<T>,
  ) {}

  /** Say something once, however often the line breaks; the server's answer, or its Problem. */
  say(data: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ref = newRef();
      this.sayings.set(ref, { data, tries: 0, resolve, reject });
      if (this.up) this.repeat(ref);
    });
  }

  /** Say something that is worth nothing later: lost when the line is. */
  tell(data: object): void {
    if (this.up) this.wire.send({ type: "say", topic: this.name, data });
  }

  close(): void {
    clearTimeout(this.timer);
    this.wire.forget(this.name);
  }

  /** For the wire: the socket is there. */
  ask(): void {
    clearTimeout(this.timer);
    const resume = this.epoch === null ? {} : { epoch: this.epoch, after: this.id };
    this.wire.send({ type: "sub", topic: this.name, ...resume });
  }

  /** For the wire: the socket is gone. */
  lose(): void {
    clearTimeout(this.timer);
    if (!this.up) return;
    this.up = false;
    this.handlers.onUp?.(false);
  }

  /** For the wire: a message of this topic. */
  take(message: Message): void {
    if (message.type === "snapshot") {
      this.epoch = message.epoch;
      this.id = message.id;
      this.handlers.onSnapshot(message.data as T);
      this.rise();
    } else if (message.type === "resumed") {
      this.rise();
    } else if (message.type === "event") {
      this.next(message);
    } else if (message.type === "ack") {
      this.settle(message.ref)?.resolve(message.data);
    } else if (message.ref !== undefined) {
      this.refuseSaying(message.ref, message);
    } else {
      this.refuse(message);
    }
  }

  private next(message: Message): void {
    if (message.id <= this.id) return;
    if (message.id > this.id + 1) {
      this.epoch = null;
      this.ask();
      return;
    }
    this.id = message.id;
    this.handlers.onEvent?.(message.data);
  }

  private rise(): void {
    if (this.up) return;
    this.up = true;
    this.handlers.onUp?.(true);
    for (const ref of this.sayings.keys()) this.repeat(ref);
  }

  private repeat(ref: string): void {
    const saying = this.sayings.get(ref);
    if (saying && this.up) this.wire.send({ type: "say", topic: this.name, ref, data: saying.data });
  }

  private settle(ref: string | undefined): Saying | undefined {
    const saying = this.sayings.get(ref ?? "");
    this.sayings.delete(ref ?? "");
    return saying;
  }

  private refuseSaying(ref: string, message: Message): void {
    const saying = this.sayings.get(ref);
    const passing = message.status >= 500 || message.code === "pending" || message.status === 429;
    if (saying && passing && ++saying.tries < TRIES) {
      window.setTimeout(() => this.repeat(ref), jittered(SAY_AGAIN_MS * 2 ** saying.tries));
      return;
    }
    this.settle(ref)?.reject(problemIn(message));
  }

  /** Rights and servers come back: ask again, without hurry. */
  private refuse(message: Message): void {
    this.lose();
    this.epoch = null;
    this.handlers.onRefused?.(problemIn(message));
    this.timer = window.setTimeout(() => this.ask(), jittered(ASK_AGAIN_MS));
  }
}

function problemIn(message: Message): Problem {
  return new Problem(message.status, message.code, message.detail, null);
}

export class Wire {
  private socket: WebSocket | null = null;
  private greeted = false;
  private wait = FIRST_WAIT_MS;
  private timer = 0;
  private silence = 0;
  private heardAt = 0;
  private stopped = false;
  private offsetMs: number | null = null;
  private readonly topics = new Map<string, Topic<unknown>>();

  /** `token`: of a page without a login; otherwise the session's cookie counts. */
  constructor(private readonly token: string | null = null) {
    addEventListener("online", this.hurry);
    addEventListener("offline", this.drop);
    addEventListener("pageshow", this.awake);
    document.addEventListener("visibilitychange", this.awake);
    this.connect();
  }

  open<T>(name: string, handlers: Handlers<T>): Topic<T> {
    const topic = new Topic<T>(name, this, handlers);
    this.topics.set(name, topic as Topic<unknown>);
    if (this.greeted) topic.ask();
    return topic;
  }

  /** The server's clock in ms since 1970, as well as it can be known from here. */
  serverNow(): number {
    return Date.now() + (this.offsetMs ?? 0);
  }

  stop(): void {
    this.stopped = true;
    removeEventListener("online", this.hurry);
    removeEventListener("offline", this.drop);
    removeEventListener("pageshow", this.awake);
    document.removeEventListener("visibilitychange", this.awake);
    this.lose(this.socket);
    clearTimeout(this.timer);
  }

  /** For topics. */
  send(message: object): void {
    if (this.greeted) this.socket?.send(JSON.stringify(message));
  }

  /** For topics. */
  forget(name: string): void {
    this.topics.delete(name);
    this.send({ type: "unsub", topic: name });
  }

  private readonly hurry = (): void => {
    this.wait = FIRST_WAIT_MS;
    clearTimeout(this.timer);
    if (!this.socket) this.connect();
  };

  /** The browser knows that there is no network long before TCP does. */
  private readonly drop = (): void => {
    this.lose(this.socket);
  };

  /** Timers stood still while the computer slept; the server has long let go of this socket. */
  private readonly awake = (): void => {
    if (document.visibilityState !== "visible") return;
    if (this.socket && Date.now() - this.heardAt > SILENT_FOR_MS) this.lose(this.socket);
    if (!this.socket) this.hurry();
  };

  private connect(): void {
    if (this.stopped) return;
    const url = new URL(ADDRESS, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    if (this.token !== null) url.searchParams.set("token", this.token);
    const socket = new WebSocket(url.href);
    this.socket = socket;
    this.expectWord(socket, OPEN_WITHIN_MS);
    socket.onmessage = (event: MessageEvent<string>) => this.take(socket, event.data);
    socket.onclose = () => this.lose(socket);
  }

  private expectWord(socket: WebSocket, withinMs: number): void {
    this.heardAt = Date.now();
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.lose(socket), withinMs);
  }

  private take(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return;
    this.expectWord(socket, SILENT_FOR_MS);
    const message = JSON.parse(text) as Message;
    if (message.type === "hello") this.greet(message);
    else if (message.type === "ping") this.answer(message);
    else this.topics.get(message.topic)?.take(message);
  }

  private greet(message: Message): void {
    this.greeted = true;
    this.learnClock(message.now);
    for (const topic of this.topics.values()) topic.ask();
  }

  private answer(message: Message): void {
    // A socket that lasts until the first ping was no flicker.
    this.wait = FIRST_WAIT_MS;
    this.learnClock(message.now);
    this.send({ type: "pong" });
  }

  /** The least delayed message says most about the offset; forget slowly, clocks drift. */
  private learnClock(now: string): void {
    const seen = Date.parse(now) - Date.now();
    if (Number.isNaN(seen)) return;
    this.offsetMs = this.offsetMs === null ? seen : Math.max(seen, this.offsetMs - 1);
  }

  private lose(socket: WebSocket | null): void {
    if (!socket || socket !== this.socket) return;
    clearTimeout(this.silence);
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.socket = null;
    this.greeted = false;
    for (const topic of this.topics.values()) topic.lose();
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.connect(), jittered(this.wait));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}

let own: Wire | null = null;

/** The one socket of a page whose reader is signed in. */
export function ofPage(): Wire {
  own ??= new Wire();
  return own;
}
