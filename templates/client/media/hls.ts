/** Watching by low-latency HLS; hls.js where there is Media Source Extensions, else the browser. */

import type Hls from "hls.js";
import type { Carrier, Sample } from "./carrier";
import { firstPicture } from "./carrier";
import { LessonPath } from "./path";

/** Behind the server's hold-back by this much, the player jumps instead of catching up. */
const JUMP_AFTER_S = 4;

/** Loaded when it is needed, and asked for early by a modulepreload of the page. */
export async function loadHls(): Promise<typeof Hls> {
  return (await import("hls.js")).default;
}

export class HlsCarrier implements Carrier {
  readonly kind = "hls";
  lost = false;
  private hls: Hls | null = null;
  private readonly ending = new AbortController();
  private bits = 0;
  private sampledAt = 0;
  private movedAt = performance.now();
  private position = -1;
  private readonly path: LessonPath;

  /** ``onRefused``: the server lets this page watch no longer; the carrier is lost. */
  constructor(
    readonly video: HTMLVideoElement,
    private readonly address: string,
    private readonly serverNow: () => number,
    onRefused: () => void = () => undefined,
  ) {
    this.path = new LessonPath(address, () => {
      this.lost = true;
      onRefused();
    });
  }

  async start(): Promise<void> {
    const { video } = this;
    video.muted = true;
    const shown = firstPicture(video, this.ending.signal);
    shown.catch(() => undefined);
    const kind = await loadHls();
    if (this.ending.signal.aborted) return shown;
    if (kind.isSupported()) {
      await Promise.race([shown, this.play(kind)]);
    } else {
      video.src = this.address;
      video.play().catch(() => undefined);
      // The player starts again with the first playlist: a renewed path is found there.
      video.addEventListener("error", () => (this.lost = true));
    }
    await shown;
  }

  stop(): void {
    this.lost = true;
    this.ending.abort();
    this.hls?.destroy();
    this.hls = null;
    this.video.removeAttribute("src");
    this.video.load();
  }

  resume(): void {
    this.movedAt = performance.now();
    const edge = this.hls?.liveSyncPosition;
    this.hls?.startLoad(-1);
    if (edge && edge > this.video.currentTime) this.video.currentTime = edge;
  }

  /** How many pictures of different size the playlist offered when it was loaded. */
  get pictures(): number {
    return this.hls?.levels.filter((level) => level.height > 0).length ?? 0;
  }

  /** How the player sees the ladder, for tests and for the person who is asked to help. */
  get ladder(): object {
    const hls = this.hls;
    return {
      level: hls?.currentLevel,
      levels: hls?.levels.map(({ height, bitrate }) => ({ height, bitrate })),
      bandwidth: hls?.bandwidthEstimate,
      target: hls?.targetLatency,
      latency: hls?.latency,
    };
  }

  async sample(): Promise<Sample> {
    const at = performance.now();
    if (this.video.currentTime !== this.position) {
      this.position = this.video.currentTime;
      this.movedAt = at;
    }
    const kbps = this.sampledAt ? this.bits / (at - this.sampledAt) : 0;
    this.bits = 0;
    this.sampledAt = at;
    const playing = this.hls?.playingDate?.getTime();
    const behind = playing ? this.serverNow() - playing : (this.hls?.latency ?? 0) * 1000;
    return {
      kbps: Math.round(kbps),
      latencyMs: behind > 0 ? behind : null,
      idleMs: at - this.movedAt,
    };
  }

  /** Rejects at a fatal error; before the first picture that fails the start, later it is a loss. */
  private play(kind: typeof Hls): Promise<never> {
    const hls = new kind({
      ...this.path.config(kind),
      lowLatencyMode: true,
      // The target latency is the server's PART-HOLD-BACK; a stall may not push it away for good.
      liveSyncOnStallIncrease: 0.25,
      maxLiveSyncPlaybackRate: 1.1,
      backBufferLength: 10,
      enableWorker: false,
      startLevel: 0,
      testBandwidth: false,
      abrEwmaDefaultEstimate: 400_000,
    });
    this.hls = hls;
    hls.on(kind.Events.FRAG_LOADED, (_event, data) => (this.bits += data.frag.stats.loaded * 8));
    hls.on(kind.Events.LEVEL_UPDATED, () => this.keepUp());
    hls.on(kind.Events.MANIFEST_PARSED, (_event, data) => {
      // Measured rates differ by a tenth between pictures of one camera, and hls.js never climbs to
      // a level with a lower rate.
      for (const level of data.levels) Object.assign(level, { frameRate: 0 });
      this.video.play().catch(() => undefined);
    });
    const failed = new Promise<never>((_resolve, reject) => {
      hls.on(kind.Events.ERROR, (_event, data) => {
        if (!data.fatal) return;
        if (data.type === kind.ErrorTypes.MEDIA_ERROR && !this.lost) {
          hls.recoverMediaError();
          return;
        }
        this.lost = true;
        reject(new Error(data.details));
      });
    });
    hls.loadSource(this.address);
    hls.attachMedia(this.video);
    return failed;
  }

  /** After an outage the rest of the lesson matters more than what was missed. */
  private keepUp(): void {
    const edge = this.hls?.liveSyncPosition;
    if (edge && !this.video.seeking && edge - this.video.currentTime > JUMP_AFTER_S) {
      this.video.currentTime = edge;
    }
  }
}
