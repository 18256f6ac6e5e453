/** Cameras, microphones and the screen: chosen, remembered, and replaced when they are unplugged. */

import { SteadyScreen } from "./steady";

export type PictureKind = "camera" | "screen";

const REMEMBERED = "tongke.devices";
const PICTURE: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 25, max: 30 },
};
const SOUND: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};

interface Choice {
  camera?: string;
  microphone?: string;
}

export class Devices {
  kind: PictureKind = "camera";
  picture: MediaStreamTrack | null = null;
  sound: MediaStreamTrack | null = null;
  private screen: SteadyScreen | null = null;
  private camera: MediaStreamTrack | null = null;
  readonly choice: Choice = recall();

  constructor(
    private readonly tickerAddress: string,
    private readonly onChange: () => void,
    private readonly onScreenEnded: () => void,
  ) {}

  /** Open camera and microphone together, so that the browser asks once. Throws DOMException. */
  async open(): Promise<void> {
    let stream: MediaStream;
    try {
      stream = await this.ask(true, true);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotFoundError") throw error;
      // One of the two is missing: teach with what there is.
      stream = await this.ask(false, true).catch(() => this.ask(true, false));
    }
    this.setCamera(stream.getVideoTracks()[0] ?? null);
    this.setSound(stream.getAudioTracks()[0] ?? null);
    navigator.mediaDevices.addEventListener("devicechange", this.onChange);
    this.onChange();
  }

  async useCamera(id?: string): Promise<void> {
    if (id) this.remember({ camera: id });
    if (id || !this.camera || this.camera.readyState === "ended") {
      this.camera?.stop();
      this.setCamera((await this.ask(true, false)).getVideoTracks()[0] ?? null);
    }
    this.kind = "camera";
    this.picture = this.camera;
    this.screen?.stop();
    this.screen = null;
    this.onChange();
  }

  async useScreen(): Promise<void> {
    const stream = await navigator.mediaDevices.getDisplayMedia({
      video: { frameRate: { ideal: 30 } },
      audio: false,
    });
    const [track] = stream.getVideoTracks();
    if (!track) throw new DOMException("no screen", "NotFoundError");
    this.screen?.stop();
    this.screen = new SteadyScreen(track, this.tickerAddress, this.onScreenEnded);
    this.kind = "screen";
    this.picture = this.screen.track;
    this.onChange();
  }

  async useMicrophone(id: string): Promise<void> {
    this.remember({ microphone: id });
    this.sound?.stop();
    this.setSound((await this.ask(false, true)).getAudioTracks()[0] ?? null);
    this.onChange();
  }

  close(): void {
    this.screen?.stop();
    this.camera?.stop();
    this.sound?.stop();
    this.picture = this.sound = this.camera = null;
  }

  private async ask(picture: boolean, sound: boolean): Promise<MediaStream> {
    const wanted = (ids: Choice): MediaStreamConstraints => ({
      video: picture && { ...PICTURE, ...(ids.camera && { deviceId: { exact: ids.camera } }) },
      audio: sound && { ...SOUND, ...(ids.microphone && { deviceId: { exact: ids.microphone } }) },
    });
    try {
      return await navigator.mediaDevices.getUserMedia(wanted(this.choice));
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "OverconstrainedError") throw error;
      // The device of last time is gone: any other will do.
      return navigator.mediaDevices.getUserMedia(wanted({}));
    }
  }

  private setCamera(track: MediaStreamTrack | null): void {
    this.camera = track;
    if (this.kind === "camera") this.picture = track;
    track?.addEventListener("ended", this.onChange);
  }

  private setSound(track: MediaStreamTrack | null): void {
    this.sound = track;
    track?.addEventListener("ended", this.onChange);
  }

  private remember(choice: Choice): void {
    Object.assign(this.choice, choice);
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify(this.choice));
    } catch {
      // Storage may be forbidden; the choice then holds until the page is left.
    }
  }
}

function recall(): Choice {
  try {
    return JSON.parse(localStorage.getItem(REMEMBERED) ?? "{}") as Choice;
  } catch {
    return {};
  }
}

/** Fill the lists of the page; the device in use is selected. */
export async function listDevices(
  kind: MediaDeviceKind,
  list: HTMLSelectElement,
  current: MediaStreamTrack | null,
  unnamed: (number: number) => string,
  none: string,
): Promise<void> {
  const found = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === kind);
  const used = current?.getSettings().deviceId;
  list.replaceChildren(
    ...found.map((one, i) => new Option(one.label || unnamed(i + 1), one.deviceId, false, one.deviceId === used)),
  );
  if (found.length === 0) list.append(new Option(none, ""));
  list.disabled = found.length === 0;
}
