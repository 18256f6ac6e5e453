/** The live state of a lesson: snapshots over a WebSocket that is made again whenever it is lost. */

export interface Layer {
  layer: string;
  kbps: number;
  fps: number;
}

export interface RoomState {
  id: string;
  name: string;
  school: string;
  state: "offline" | "waiting" | "watching";
  carrier: "whep" | "hls" | "none";
  layer: string;
  kbps: number;
  loss: number;
  latency_ms: number;
  class_size: number;
}

export interface Snapshot {
  lesson: {
    id: string;
    title: string;
    state: "planned" | "live" | "ended";
    planned_start: string;
    started_at: string | null;
    school: string;
    teacher: string;
  };
  source: {
    state: "live" | "away" | "none";
    since: string | null;
    kbps: number;
    loss: number;
    layers: Layer[];
  };
  recording: { state: "ok" | "stopped" | "idle"; reason: string };
  /** Only for those who may teach the lesson. */
  rooms?: RoomState[];
  now: string;
  addresses: { whep: string; hls: string; replay: string };
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const OPEN_WITHIN_MS = 8000;
/** The server speaks at least every 10 s. */
const SILENT_FOR_MS = 15_000;

export class LiveLink {
  up = false;
  last: Snapshot | null = null;
  private socket: WebSocket | null = null;
  private wait = FIRST_WAIT_MS;
  private timer = 0;
  private silence = 0;
  private stopped = false;
  private offsetMs: number | null = null;

  constructor(
    private readonly address: string,
    private readonly onSnapshot: (snapshot: Snapshot) => void,
    private readonly onLink: (up: boolean) => void,
  ) {
    addEventListener("online", this.hurry);
    addEventListener("offline", this.drop);
    this.open();
  }

  /** The server's clock in ms since 1970, as well as it can be known from here. */
  serverNow(): number {
    return Date.now() + (this.offsetMs ?? 0);
  }

  send(message: object): void {
    if (this.up) this.socket?.send(JSON.stringify(message));
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    removeEventListener("online", this.hurry);
    removeEventListener("offline", this.drop);
    this.socket?.close();
  }

  private readonly hurry = (): void => {
    this.wait = FIRST_WAIT_MS;
    clearTimeout(this.timer);
    if (!this.socket) this.open();
  };

  /** The browser knows that there is no network long before TCP does. */
  private readonly drop = (): void => {
    this.lose(this.socket);
  };

  private open(): void {
    if (this.stopped) return;
    const url = new URL(this.address, location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(url.href);
    this.socket = socket;
    this.expectWord(socket, OPEN_WITHIN_MS);
    socket.onmessage = (event: MessageEvent<string>) => this.take(socket, event.data);
    socket.onclose = () => this.lose(socket);
  }

  private expectWord(socket: WebSocket, withinMs: number): void {
    clearTimeout(this.silence);
    this.silence = window.setTimeout(() => this.lose(socket), withinMs);
  }

  private take(socket: WebSocket, text: string): void {
    if (socket !== this.socket) return;
    const snapshot = JSON.parse(text) as Snapshot;
    if (!snapshot.lesson) return;
    this.expectWord(socket, SILENT_FOR_MS);
    this.wait = FIRST_WAIT_MS;
    this.learnClock(snapshot.now);
    this.last = snapshot;
    if (!this.up) {
      this.up = true;
      this.onLink(true);
    }
    this.onSnapshot(snapshot);
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
    if (this.up) {
      this.up = false;
      this.onLink(false);
    }
    this.timer = window.setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }
}
