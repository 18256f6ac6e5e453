/** A level meter of cells, and a warning when nothing has been heard for long. */

const CELLS = 20;
const LOUD_FROM = 17;
const FLOOR_DB = -60;

export class Meter {
  /** dB below full scale, of the last reading. */
  level = FLOOR_DB;
  quietSince = performance.now();
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly samples = new Float32Array(1024);
  private readonly cells: HTMLElement[] = [];
  private source: MediaStreamAudioSourceNode | null = null;

  constructor(place: HTMLElement) {
    this.analyser.fftSize = this.samples.length * 2;
    for (let i = 0; i < CELLS; i += 1) {
      const cell = document.createElement("i");
      cell.classList.toggle("loud", i >= LOUD_FROM);
      this.cells.push(cell);
    }
    place.replaceChildren(...this.cells);
    setInterval(() => this.read(), 66);
  }

  listen(track: MediaStreamTrack | null): void {
    this.source?.disconnect();
    this.source = null;
    this.quietSince = performance.now();
    if (!track) return;
    this.source = this.context.createMediaStreamSource(new MediaStream([track]));
    this.source.connect(this.analyser);
    void this.resume();
  }

  /** Browsers start sound only after a gesture on some pages. */
  async resume(): Promise<void> {
    if (this.context.state === "suspended") await this.context.resume().catch(() => undefined);
  }

  get quietMs(): number {
    return performance.now() - this.quietSince;
  }

  private read(): void {
    let power = 0;
    if (this.source && this.context.state === "running") {
      this.analyser.getFloatTimeDomainData(this.samples);
      for (const sample of this.samples) power += sample * sample;
      power /= this.samples.length;
    }
    this.level = power > 0 ? Math.max(FLOOR_DB, 10 * Math.log10(power)) : FLOOR_DB;
    if (this.level > -50) this.quietSince = performance.now();
    const lit = Math.round((1 - this.level / FLOOR_DB) * CELLS);
    this.cells.forEach((cell, i) => cell.classList.toggle("lit", i < lit));
  }
}
