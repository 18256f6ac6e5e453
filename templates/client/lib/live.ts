/** The live state of a lesson, from its topic on the wire. */

import { type Topic, Wire } from "./wire";

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
    planned_start: string | null;
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
  addresses: { whep: string; hls: string; replay: string };
}

/** What a classroom's page says of its own playing. */
export interface Report {
  carrier: "whep" | "hls" | "none";
  layer: string;
  kbps: number;
  latency_ms: number;
  freezes: number;
}

export class LiveLink {
  last: Snapshot | null = null;
  private readonly wire: Wire;
  private readonly topic: Topic<Snapshot>;

  constructor(
    topic: string,
    token: string | null,
    onSnapshot: (snapshot: Snapshot) => void,
    onLink: (up: boolean) => void,
  ) {
    this.wire = new Wire(token);
    this.topic = this.wire.open<Snapshot>(topic, {
      onSnapshot: (snapshot) => {
        this.last = snapshot;
        onSnapshot(snapshot);
      },
      onUp: onLink,
    });
  }

  /** The server's clock in ms since 1970, as well as it can be known from here. */
  serverNow(): number {
    return this.wire.serverNow();
  }

  stop(): void {
    this.wire.stop();
  }

  /** Lost when the line is: the next one follows in a moment. */
  report(report: Report): void {
    this.topic.tell(report);
  }
}
