/** One way by which a lesson reaches this page. */

export type CarrierKind = "whep" | "hls";

export interface Sample {
  kbps: number;
  /** From the camera to this screen, as far as it can be known. */
  latencyMs: number | null;
  /** How long nothing has come. */
  idleMs: number;
}

export interface Carrier {
  readonly kind: CarrierKind;
  readonly video: HTMLVideoElement;
  /** Resolves at the first picture; rejects with Problem, DOMException or Error. */
  start(): Promise<void>;
  stop(): void;
  /** To be asked at a steady pace; never rejects. */
  sample(): Promise<Sample>;
  /** The source is back after it was away. */
  resume(): void;
  /** True when it is certain that nothing more will come. */
  lost: boolean;
}

/** Resolves when the video shows a picture (or, without a picture, runs). */
export function firstPicture(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      video.removeEventListener("timeupdate", moved);
      resolve();
    };
    const moved = () => {
      if (video.currentTime > 0 && video.videoWidth > 0) done();
    };
    signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
    video.requestVideoFrameCallback?.(done);
    video.addEventListener("timeupdate", moved);
  });
}
