/**
 * A screen gives pictures only when it changes, but classrooms need at least 15 a second: parts of
 * half a second must each hold some. The screen is drawn again at a steady pace; the pace comes from
 * a worker, because a page behind the slides may not keep time itself.
 */

const FRAMES_PER_SECOND = 16;
const WIDEST = 1920;

export class SteadyScreen {
  readonly track: MediaStreamTrack;
  private readonly video = document.createElement("video");
  private readonly canvas = document.createElement("canvas");
  private readonly ticker: Worker;

  constructor(
    private readonly screen: MediaStreamTrack,
    tickerAddress: string,
    onEnded: () => void,
  ) {
    this.video.muted = true;
    this.video.srcObject = new MediaStream([screen]);
    this.video.play().catch(() => undefined);
    this.track = this.canvas.captureStream(FRAMES_PER_SECOND).getVideoTracks()[0] as MediaStreamTrack;
    this.track.contentHint = "detail";
    this.ticker = new Worker(tickerAddress);
    this.ticker.onmessage = () => this.draw();
    this.ticker.postMessage(1000 / FRAMES_PER_SECOND);
    screen.addEventListener("ended", onEnded);
  }

  stop(): void {
    this.ticker.terminate();
    this.screen.stop();
    this.track.stop();
    this.video.srcObject = null;
  }

  private draw(): void {
    const { videoWidth, videoHeight } = this.video;
    if (videoWidth === 0) return;
    const scale = Math.min(1, WIDEST / videoWidth);
    const [width, height] = [even(videoWidth * scale), even(videoHeight * scale)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    this.canvas.getContext("2d", { alpha: false })?.drawImage(this.video, 0, 0, width, height);
  }
}

/** Layers of half and a quarter must come out whole. */
function even(size: number): number {
  return Math.max(8, Math.round(size / 8) * 8);
}
