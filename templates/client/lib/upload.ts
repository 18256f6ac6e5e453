/**
 * Sending a file so that nothing is sent twice: goes on after a lost link, a closed page or a
 * restarted computer (the same file chosen again), by tus 1.0 at /api/uploads.
 */

import { DetailedError, Upload } from "tus-js-client";
import { _ } from "./page";

const ENDPOINT = "/api/uploads";
/** Small enough for a thin link to finish one between two outages, and for proxies' limits. */
const CHUNK = 1 << 20;
const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 20_000, 30_000];
const SPEED_OVER_MS = 15_000;

/** Bytes; secondsLeft is null as long as nobody can tell. */
export interface Progress {
  sent: number;
  total: number;
  secondsLeft: number | null;
}

export interface UploadEvents {
  onProgress?: (progress: Progress) => void;
  /** The file is whole and known on the server: `id` is what the materials API takes. */
  onDone: (id: string) => void;
  /** In the person's words. `waiting`: it goes on by itself; else `resume` tries again. */
  onTrouble: (trouble: { words: string; waiting: boolean }) => void;
}

export interface Sending {
  pause: () => void;
  resume: () => void;
  /** Given up: what arrived is dropped. */
  cancel: () => Promise<void>;
  readonly state: () => "sending" | "paused" | "done" | "failed";
}

/** Bytes by time, as seen during the last seconds. */
class Speed {
  private seen: { at: number; sent: number }[] = [];

  constructor(private readonly now: () => number = () => performance.now()) {}

  secondsLeft(sent: number, total: number): number | null {
    const at = this.now();
    this.seen.push({ at, sent });
    while (this.seen.length > 2 && at - (this.seen[0]?.at ?? at) > SPEED_OVER_MS) this.seen.shift();
    const first = this.seen[0];
    if (!first || at - first.at < 1000 || sent <= first.sent) return null;
    return Math.ceil(((total - sent) * (at - first.at)) / (sent - first.sent) / 1000);
  }

  forget(): void {
    this.seen = [];
  }
}

function status(error: Error | DetailedError): number {
  return error instanceof DetailedError ? (error.originalResponse?.getStatus() ?? 0) : 0;
}

function wordsOf(error: Error | DetailedError): string {
  const code = status(error);
  if (code === 0) return _("The connection was lost. What arrived is kept.");
  if (code === 401) return _("You are no longer logged in. Please log in again; what arrived is kept.");
  try {
    const answer = error instanceof DetailedError ? error.originalResponse?.getBody() : "";
    const detail = (JSON.parse(answer ?? "") as { detail?: string }).detail;
    if (detail) return detail;
  } catch {
    // A proxy's own page.
  }
  return _("The file could not be sent. Please try again.");
}

/** Nothing is wrong with the file or the person: the link, the server, a full disk, another page. */
function passes(code: number): boolean {
  return code === 0 || code === 409 || code === 423 || code === 429 || code === 460 || code >= 500;
}

export function startUpload(file: File, events: UploadEvents): Sending {
  let state: "sending" | "paused" | "done" | "failed" = "sending";
  const speed = new Speed();
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    chunkSize: CHUNK,
    retryDelays: RETRY_MS,
    metadata: { filename: file.name, filetype: file.type },
    removeFingerprintOnSuccess: true,
    onProgress: (sent, total) => events.onProgress?.({ sent, total, secondsLeft: speed.secondsLeft(sent, total) }),
    onShouldRetry: (error) => {
      const again = passes(status(error));
      speed.forget();
      if (again && state === "sending") events.onTrouble({ words: wordsOf(error), waiting: true });
      return again;
    },
    onError: (error) => {
      state = "failed";
      events.onTrouble({ words: wordsOf(error), waiting: false });
    },
    onSuccess: () => {
      state = "done";
      events.onDone(idOf(upload.url));
    },
  });
  void begin(upload, () => state === "sending");
  addEventListener("online", () => {
    if (state === "failed") resume();
  });

  function resume(): void {
    if (state !== "paused" && state !== "failed") return;
    state = "sending";
    speed.forget();
    upload.start();
  }

  return {
    pause: () => {
      if (state !== "sending") return;
      state = "paused";
      void upload.abort();
    },
    resume,
    cancel: async () => {
      state = "failed";
      await upload.abort(true).catch(() => undefined);
    },
    state: () => state,
  };
}

/** Goes on with what this browser has begun of the same file, if the server still has it. */
async function begin(upload: Upload, wanted: () => boolean): Promise<void> {
  const before = await upload.findPreviousUploads().catch(() => []);
  const last = before.sort((one, other) => other.creationTime.localeCompare(one.creationTime))[0];
  if (last) upload.resumeFromPreviousUpload(last);
  if (wanted()) upload.start();
}

function idOf(url: string | null): string {
  return (url ?? "").split("/").pop() ?? "";
}
