/** Watching by WHEP. */

import type { Carrier, Sample } from "./carrier";
import { firstPicture } from "./carrier";
import { exchange, leave, preferH264 } from "./sdp";

const NTP_TO_UNIX_MS = 2208988800000;

interface Counted {
  bytes: number;
  at: number;
}

/** Newer than the typings or older than the standard: hints that may be missing. */
type Hinted = RTCRtpReceiver & { jitterBufferTarget?: number | null; playoutDelayHint?: number };

export class WhepCarrier implements Carrier {
  readonly kind = "whep";
  lost = false;
  connected = false;
  private pc: RTCPeerConnection | null = null;
  private readonly ending = new AbortController();
  private session = "";
  private counted: Counted = { bytes: 0, at: 0 };
  private flowedAt = performance.now();

  constructor(
    readonly video: HTMLVideoElement,
    private readonly address: string,
    private readonly token: string,
    private readonly serverNow: () => number,
  ) {}

  async start(): Promise<void> {
    const { video } = this;
    // Some schools switch WebRTC off in their browsers: then this is a failed try like any other.
    if (typeof RTCPeerConnection === "undefined") {
      throw new DOMException("no WebRTC here", "NotSupportedError");
    }
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.pc = pc;
    const stream = new MediaStream();
    pc.ontrack = (event) => {
      stream.addTrack(event.track);
      this.hintLowDelay(event.receiver);
    };
    pc.onconnectionstatechange = () => this.follow();
    const picture = pc.addTransceiver("video", { direction: "recvonly" });
    pc.addTransceiver("audio", { direction: "recvonly" });
    if (!preferH264(picture, RTCRtpReceiver.getCapabilities("video"))) {
      throw new DOMException("no H.264 here", "NotSupportedError");
    }
    video.srcObject = stream;
    video.muted = true;
    const shown = firstPicture(video, this.ending.signal);
    // Reported through the exchange when that fails first.
    shown.catch(() => undefined);
    this.session = await exchange(pc, this.address, this.token, this.ending.signal);
    video.play().catch(() => undefined);
    await shown;
  }

  stop(): void {
    this.lost = true;
    this.ending.abort();
    if (this.pc) {
      this.pc.onconnectionstatechange = null;
      this.pc.close();
    }
    if (this.session) leave(this.session, this.token);
    this.session = "";
    this.video.srcObject = null;
  }

  resume(): void {
    this.flowedAt = performance.now();
  }

  async sample(): Promise<Sample> {
    let bytes = 0;
    let latencyMs: number | null = null;
    let roundTripMs = 0;
    try {
      const report = (await this.pc?.getStats()) ?? new Map();
      for (const item of report.values() as Iterable<Record<string, unknown>>) {
        if (item["type"] === "inbound-rtp") {
          bytes += Number(item["bytesReceived"] ?? 0);
          if (item["kind"] === "video") latencyMs = this.latency(item);
        } else if (item["type"] === "candidate-pair" && item["nominated"]) {
          roundTripMs = Number(item["currentRoundTripTime"] ?? 0) * 1000;
        }
      }
    } catch {
      // A closed connection has no statistics; what was counted stands.
      bytes = this.counted.bytes;
    }
    if (latencyMs !== null && latencyMs < 0) latencyMs = null;
    return { ...this.count(bytes), latencyMs: latencyMs === null ? null : latencyMs + roundTripMs / 2 };
  }

  /** Kilobits a second since the last call, and how long nothing came. */
  private count(bytes: number): { kbps: number; idleMs: number } {
    const at = performance.now();
    const before = this.counted;
    this.counted = { bytes, at };
    if (bytes > before.bytes) this.flowedAt = at;
    const kbps = before.at ? ((bytes - before.bytes) * 8) / (at - before.at) : 0;
    return { kbps: Math.max(0, Math.round(kbps)), idleMs: at - this.flowedAt };
  }

  /** The playout time on the sender's clock when the sender reports it, else the waiting here. */
  private latency(item: Record<string, unknown>): number | null {
    const playing = Number(item["estimatedPlayoutTimestamp"] ?? NaN);
    const behind = this.serverNow() - (playing > NTP_TO_UNIX_MS ? playing - NTP_TO_UNIX_MS : playing);
    if (behind > 0 && behind < 20000) return behind;
    const waited = Number(item["jitterBufferDelay"] ?? 0);
    const emitted = Number(item["jitterBufferEmittedCount"] ?? 0);
    return emitted > 0 ? (waited / emitted) * 1000 : null;
  }

  private hintLowDelay(receiver: Hinted): void {
    if ("jitterBufferTarget" in receiver) receiver.jitterBufferTarget = 0;
    else if ("playoutDelayHint" in receiver) (receiver as Hinted).playoutDelayHint = 0;
  }

  private follow(): void {
    const state = this.pc?.connectionState;
    this.connected = state === "connected";
    if (state === "failed" || state === "closed") this.lost = true;
  }
}
