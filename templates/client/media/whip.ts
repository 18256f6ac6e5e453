/** Publishing by WHIP, again and again until the lesson is over. */

import { Problem, problemOf } from "../lib/problem";
import { exchange, leave, preferH264 } from "./sdp";

/** Three pictures of one camera: the classrooms get the one their link carries. */
const LAYERS: RTCRtpEncodingParameters[] = [
  { rid: "q", scaleResolutionDownBy: 4, maxBitrate: 150_000, active: true },
  { rid: "h", scaleResolutionDownBy: 2, maxBitrate: 500_000, active: true },
  { rid: "f", scaleResolutionDownBy: 1, maxBitrate: 1_800_000, active: true },
];

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 5000;
const CONNECT_WITHIN_MS = 8000;
const DISCONNECTED_FOR_MS = 3000;
/** Answers that another try will not change. */
const FINAL_CODES = ["source_taken", "lesson_over", "no_h264", "not_leading", "not_your_lesson", "taken_over"];

export type PublisherState = "idle" | "connecting" | "live" | "broken" | "refused";

export interface UpSample {
  kbps: number;
  /** 0…1, as the server reports it. */
  loss: number;
  roundTripMs: number | null;
}

type Preferring = RTCRtpSendParameters & { degradationPreference?: RTCDegradationPreference };

export class Publisher {
  state: PublisherState = "idle";
  problem: Problem | null = null;
  attempts = 0;
  private pc: RTCPeerConnection | null = null;
  private session = "";
  private lostSession = "";
  private token = "";
  private wait = FIRST_WAIT_MS;
  private timer = 0;
  private ending = new AbortController();
  private sent = { bytes: 0, at: 0 };

  constructor(
    private readonly address: string,
    private readonly newToken: () => Promise<string>,
    private readonly onChange: () => void,
    private picture: MediaStreamTrack | null,
    private sound: MediaStreamTrack | null,
  ) {
    addEventListener("pagehide", () => this.leave());
    addEventListener("online", () => this.hurry());
  }

  start(): void {
    if (this.state !== "idle" && this.state !== "refused") return;
    this.wait = FIRST_WAIT_MS;
    void this.connect("connecting");
  }

  stop(): void {
    clearTimeout(this.timer);
    this.leave();
    this.change("idle");
  }

  /** Change camera, screen or microphone while sending; the classrooms notice only the picture. */
  async replace(picture: MediaStreamTrack | null, sound: MediaStreamTrack | null): Promise<void> {
    this.picture = picture;
    this.sound = sound;
    for (const transceiver of this.pc?.getTransceivers() ?? []) {
      const isVideo = transceiver.receiver.track.kind === "video";
      await transceiver.sender.replaceTrack(isVideo ? picture : sound);
      if (isVideo) await this.preferMotion(transceiver.sender);
    }
  }

  async sample(): Promise<UpSample> {
    let bytes = 0;
    let loss = 0;
    let roundTripMs: number | null = null;
    const report = (await this.pc?.getStats().catch(() => null)) ?? null;
    for (const item of (report?.values() ?? []) as Iterable<Record<string, unknown>>) {
      if (item["type"] === "outbound-rtp") bytes += Number(item["bytesSent"] ?? 0);
      if (item["type"] === "remote-inbound-rtp") loss = Math.max(loss, Number(item["fractionLost"] ?? 0));
      if (item["type"] === "candidate-pair" && item["nominated"]) {
        roundTripMs = Number(item["currentRoundTripTime"] ?? 0) * 1000;
      }
    }
    const at = performance.now();
    const before = this.sent;
    this.sent = { bytes, at };
    const kbps = before.at && bytes >= before.bytes ? ((bytes - before.bytes) * 8) / (at - before.at) : 0;
    return { kbps: Math.round(kbps), loss, roundTripMs };
  }

  private change(state: PublisherState): void {
    this.state = state;
    this.onChange();
  }

  private async connect(state: "connecting" | "broken"): Promise<void> {
    this.attempts += 1;
    this.leave();
    this.change(state);
    const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
    this.pc = pc;
    this.ending = new AbortController();
    const limit = setTimeout(() => this.fail(pc, null), CONNECT_WITHIN_MS);
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === "connected") clearTimeout(limit);
      this.follow(pc);
    };
    try {
      await this.offer(pc);
    } catch (error) {
      clearTimeout(limit);
      this.fail(pc, error instanceof Problem ? error : null, error);
    }
  }

  private async offer(pc: RTCPeerConnection): Promise<void> {
    const video = pc.addTransceiver(this.picture ?? "video", {
      direction: "sendonly",
      sendEncodings: LAYERS.map((layer) => ({ ...layer })),
    });
    pc.addTransceiver(this.sound ?? "audio", { direction: "sendonly" });
    if (!preferH264(video, RTCRtpSender.getCapabilities("video"))) {
      throw new Problem(422, "no_h264", "", null);
    }
    this.token = await this.newToken();
    const session = await exchange(pc, this.address, this.token, this.ending.signal);
    if (pc !== this.pc) return leave(session, this.token);
    this.session = session;
    await this.preferMotion(video.sender);
  }

  /** A face may lose sharpness but not move in steps; a slide may move in steps but must be read. */
  private async preferMotion(sender: RTCRtpSender): Promise<void> {
    const parameters: Preferring = sender.getParameters();
    const isScreen = sender.track?.contentHint === "detail";
    parameters.degradationPreference = isScreen ? "maintain-resolution" : "balanced";
    await sender.setParameters(parameters).catch(() => undefined);
  }

  private follow(pc: RTCPeerConnection): void {
    if (pc !== this.pc) return;
    if (pc.connectionState === "connected") {
      this.wait = FIRST_WAIT_MS;
      this.problem = null;
      this.change("live");
    } else if (pc.connectionState === "failed") {
      this.fail(pc, null);
    } else if (pc.connectionState === "disconnected") {
      setTimeout(() => {
        if (pc.connectionState === "disconnected") this.fail(pc, null);
      }, DISCONNECTED_FOR_MS);
    }
  }

  private fail(pc: RTCPeerConnection, problem: Problem | null, error?: unknown): void {
    if (pc !== this.pc || (error instanceof DOMException && error.name === "AbortError")) return;
    this.problem = problem;
    this.lostSession = this.session || this.lostSession;
    this.leave();
    if (problem && FINAL_CODES.includes(problem.code)) return this.change("refused");
    this.change("broken");
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.again(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT_MS);
  }

  /** Connect anew, unless the session was lost to a newer page: two pages must not fight. */
  private async again(): Promise<void> {
    const taken = this.lostSession ? await takenOver(this.lostSession) : null;
    if (this.state !== "broken") return;
    this.lostSession = "";
    if (taken) {
      this.problem = taken;
      return this.change("refused");
    }
    void this.connect("broken");
  }

  private hurry(): void {
    if (this.state !== "broken") return;
    clearTimeout(this.timer);
    this.wait = FIRST_WAIT_MS;
    void this.again();
  }

  private leave(): void {
    const pc = this.pc;
    this.pc = null;
    this.ending.abort();
    if (pc) pc.onconnectionstatechange = null;
    pc?.close();
    if (this.session) leave(this.session, this.token);
    this.session = "";
  }
}

/** What an empty trickle tells of a session that is over: whether another page has its source. */
async function takenOver(session: string): Promise<Problem | null> {
  try {
    const answer = await fetch(session, {
      method: "PATCH",
      headers: { "Content-Type": "application/trickle-ice-sdpfrag" },
      body: "a=end-of-candidates\r\n",
    });
    return answer.status === 409 ? await problemOf(answer) : null;
  } catch {
    return null;
  }
}
