/**
 * A lesson in a classroom: WHEP when it works, else LL-HLS, and back again, without a black moment.
 *
 * Two videos take turns: a carrier starts in the one that is not seen, and is shown at its first
 * picture. When everything is lost the last picture stays, drawn into a canvas.
 */

import { Problem } from "../lib/problem";
import type { Carrier, CarrierKind, Sample } from "./carrier";
import { HlsCarrier } from "./hls";
import { WhepCarrier } from "./whep";

/** By when WHEP must be connected, and by when it must show a picture, before HLS is tried. */
const CONNECT_WITHIN_MS = 1500;
const PICTURE_WITHIN_MS = 3000;
const HLS_WITHIN_MS = 8000;
const IDLE_MS: Record<CarrierKind, number> = { whep: 2000, hls: 4000 };
const RETRY_WHEP_FIRST_MS = 10_000;
const RETRY_WHEP_MOST_MS = 480_000;
const RENEW_EVERY_MS = 15_000;
const TICK_MS = 500;
const WAITS_MS = [300, 600, 1200, 2500, 4000];

export type PlayerState = "idle" | "joining" | "playing" | "lost";

export interface PlayerOptions {
  videos: [HTMLVideoElement, HTMLVideoElement];
  still: HTMLCanvasElement;
  whep: string;
  hls: string;
  token: string;
  serverNow: () => number;
  onChange: () => void;
  /** The server lets this page watch no longer. */
  onRefused: () => void;
  /** A video has just become the one that is seen and should be heard. */
  onFront: (video: HTMLVideoElement) => void;
}

export class LessonPlayer {
  state: PlayerState = "idle";
  carrier: Carrier | null = null;
  sample: Sample = { kbps: 0, latencyMs: null, idleMs: 0 };
  freezes = 0;
  /** Sound comes, the picture does not. */
  soundOnly = false;
  firstPictureMs: number | null = null;
  private run = 0;
  private renewedAt = -RENEW_EVERY_MS;
  private away = false;
  private whepWorked = true;
  private retryWhepMs = RETRY_WHEP_FIRST_MS;
  private retryTimer = 0;
  private ticker = 0;
  private wakeUp: (() => void) | null = null;
  private frames = { count: 0, at: 0, frozen: false };
  private attempts = new Set<Carrier>();

  constructor(private readonly options: PlayerOptions) {
    addEventListener("online", () => this.hurry());
    addEventListener("pagehide", () => this.stop());
  }

  start(): void {
    if (this.state !== "idle") return;
    this.ticker = window.setInterval(() => void this.tick(), TICK_MS);
    void this.acquire("joining");
  }

  /** Leave; the last picture is gone too. */
  stop(): void {
    if (this.state === "idle") return;
    this.run += 1;
    clearInterval(this.ticker);
    clearTimeout(this.retryTimer);
    this.wakeUp?.();
    this.dropAll();
    this.options.still.classList.remove("still");
    this.change("idle");
  }

  /** The teacher's source went away or came back. */
  setAway(away: boolean): void {
    if (this.away === away) return;
    this.away = away;
    if (!away) {
      this.carrier?.resume();
      this.wakeUp?.();
    }
  }

  /** How many pictures the source has now: a ladder that has grown is fetched anew, unseen. */
  setLayers(count: number): void {
    const carrier = this.carrier;
    if (!(carrier instanceof HlsCarrier) || this.state !== "playing" || this.away) return;
    if (carrier.pictures === 0 || carrier.pictures >= count || this.attempts.size > 0) return;
    if (performance.now() - this.renewedAt < RENEW_EVERY_MS) return;
    this.renewedAt = performance.now();
    void this.tryBehind((video) => this.makeHls(video), HLS_WITHIN_MS);
  }

  get front(): HTMLVideoElement | null {
    return this.carrier?.video ?? null;
  }

  /** Another network: what did not work in the last one may work in this one. */
  private hurry(): void {
    this.wakeUp?.();
    if (this.carrier?.kind !== "hls") return;
    clearTimeout(this.retryTimer);
    this.retryWhepMs = RETRY_WHEP_FIRST_MS;
    void this.tryWhepBehind();
  }

  private change(state: PlayerState): void {
    this.state = state;
    this.options.onChange();
  }

  /** Try until something plays: round after round, soon at first. */
  private async acquire(state: "joining" | "lost"): Promise<void> {
    const run = ++this.run;
    const began = performance.now();
    this.change(state);
    for (let round = 0; run === this.run; round += 1) {
      const got = await this.attemptRound();
      if (run !== this.run) {
        got?.stop();
        return;
      }
      if (got) {
        this.firstPictureMs ??= performance.now() - began;
        this.bringToFront(got);
        return;
      }
      await this.pause(WAITS_MS[Math.min(round, WAITS_MS.length - 1)] ?? 4000);
    }
  }

  /** WHEP, and HLS beside it as soon as WHEP looks hopeless; whichever shows a picture first. */
  private async attemptRound(): Promise<Carrier | null> {
    const [first, second] = this.options.videos;
    const whep = this.makeWhep(first);
    const hopeless = this.whepHopeless(whep);
    const byWhep = this.attempt(whep, PICTURE_WITHIN_MS);
    const byHls = Promise.race([hopeless, byWhep]).then((got) => {
      if (got) return got;
      return this.attempt(this.makeHls(second), HLS_WITHIN_MS);
    });
    const winner = await firstOf([byWhep, byHls]);
    for (const other of [...this.attempts]) if (other !== winner) this.abandon(other);
    this.whepWorked = winner ? winner.kind === "whep" : this.whepWorked;
    return winner;
  }

  /** Resolves with null when HLS should not wait any longer. */
  private whepHopeless(whep: WhepCarrier): Promise<null> {
    const patience = this.whepWorked ? CONNECT_WITHIN_MS : 0;
    return new Promise((resolve) => {
      setTimeout(() => {
        if (!whep.connected) resolve(null);
      }, patience);
      setTimeout(() => resolve(null), PICTURE_WITHIN_MS);
    });
  }

  private makeWhep(video: HTMLVideoElement): WhepCarrier {
    return new WhepCarrier(video, this.options.whep, this.options.token, this.options.serverNow);
  }

  private makeHls(video: HTMLVideoElement): HlsCarrier {
    const { hls, serverNow, onRefused } = this.options;
    return new HlsCarrier(video, hls, serverNow, onRefused);
  }

  private async attempt(carrier: Carrier, withinMs: number): Promise<Carrier | null> {
    this.attempts.add(carrier);
    const limit = setTimeout(() => this.abandon(carrier), withinMs);
    try {
      await carrier.start();
      return carrier;
    } catch (error) {
      this.abandon(carrier);
      if (error instanceof Problem && error.retryAfterS) this.retryWhepMs = error.retryAfterS * 1000;
      return null;
    } finally {
      clearTimeout(limit);
    }
  }

  private abandon(carrier: Carrier): void {
    if (this.attempts.delete(carrier)) carrier.stop();
  }

  private bringToFront(carrier: Carrier): void {
    const before = this.carrier;
    this.attempts.delete(carrier);
    this.carrier = carrier;
    for (const video of this.options.videos) video.classList.toggle("front", video === carrier.video);
    this.options.still.classList.remove("still");
    before?.stop();
    carrier.resume();
    this.frames = { count: 0, at: performance.now(), frozen: false };
    this.options.onFront(carrier.video);
    this.change("playing");
    // A renewed ladder is no news about WHEP: what was planned stands.
    if (carrier.kind === "hls" && before?.kind === "hls") return;
    clearTimeout(this.retryTimer);
    this.retryWhepMs = RETRY_WHEP_FIRST_MS;
    if (carrier.kind === "hls") this.planWhep();
  }

  /** While HLS plays, WHEP is tried now and then behind it. */
  private planWhep(): void {
    this.retryTimer = window.setTimeout(() => void this.tryWhepBehind(), this.retryWhepMs);
    this.retryWhepMs = Math.min(this.retryWhepMs * 2, RETRY_WHEP_MOST_MS);
  }

  private async tryWhepBehind(): Promise<void> {
    if (this.away || this.attempts.size > 0) {
      this.retryWhepMs = RETRY_WHEP_FIRST_MS;
      return this.planWhep();
    }
    const got = await this.tryBehind((video) => this.makeWhep(video), PICTURE_WITHIN_MS * 2);
    if (!got && this.carrier?.kind === "hls") this.planWhep();
  }

  /** Start another carrier in the video that is not seen, and show it when it has a picture. */
  private async tryBehind(make: (video: HTMLVideoElement) => Carrier, withinMs: number): Promise<boolean> {
    const run = this.run;
    const behind = this.options.videos.find((video) => video !== this.front);
    const got = behind ? await this.attempt(make(behind), withinMs) : null;
    if (run !== this.run) got?.stop();
    else if (got) this.bringToFront(got);
    return got !== null && run === this.run;
  }

  private async tick(): Promise<void> {
    const carrier = this.carrier;
    if (!carrier || this.state !== "playing") return;
    const sample = await carrier.sample();
    if (carrier !== this.carrier || this.state !== "playing") return;
    // Parts come twice a second: one look at a time says little about the rate.
    const kbps = Math.round(this.sample.kbps * 0.8 + sample.kbps * 0.2);
    this.sample = { ...sample, kbps };
    this.watchFrames(carrier.video);
    const silent = sample.idleMs > IDLE_MS[carrier.kind] && !this.away;
    if (carrier.lost || silent) this.lose();
    else this.options.onChange();
  }

  /** A freeze is a second without a new picture while there should be some. */
  private watchFrames(video: HTMLVideoElement): void {
    const at = performance.now();
    const count = video.getVideoPlaybackQuality().totalVideoFrames;
    if (count !== this.frames.count || document.visibilityState === "hidden" || this.away) {
      this.frames = { count, at, frozen: false };
    } else if (at - this.frames.at > 1000 && !this.frames.frozen) {
      this.frames.frozen = true;
      this.freezes += 1;
    }
    this.soundOnly = at - this.frames.at > 4000;
  }

  private lose(): void {
    clearTimeout(this.retryTimer);
    this.keepPicture();
    this.dropAll();
    void this.acquire("lost");
  }

  private keepPicture(): void {
    const { still } = this.options;
    const video = this.front;
    if (!video || video.videoWidth === 0) return;
    still.width = video.videoWidth;
    still.height = video.videoHeight;
    still.getContext("2d")?.drawImage(video, 0, 0);
    still.classList.add("still");
  }

  private dropAll(): void {
    for (const carrier of [...this.attempts]) this.abandon(carrier);
    this.carrier?.stop();
    this.carrier = null;
    for (const video of this.options.videos) video.classList.remove("front");
  }

  /** Wait, but not when the network is known to be back. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The first that is not null; null when none is. */
async function firstOf(attempts: Promise<Carrier | null>[]): Promise<Carrier | null> {
  return new Promise((resolve) => {
    let left = attempts.length;
    for (const attempt of attempts) {
      void attempt.then((got) => {
        left -= 1;
        if (got || left === 0) resolve(got);
      });
    }
  });
}
