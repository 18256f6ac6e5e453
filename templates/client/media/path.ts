/**
 * The secret path of a lesson's media, which the server renews when somebody may not watch any more:
 * what lies under the old one is then 410, and whoever still may finds the new one in the lesson's
 * first playlist, at the same place of the same lesson.
 */

import type { HlsConfig, LoaderConfig, RetryConfig } from "hls.js";

const GONE = 410;
const PATH = /^https?:\/\/[^/?#]+(?:\/[^?#]*?)?\/media\/[\w-]{22,128}\//;
/** A class of rooms does not ask in the same moment. */
const SPREAD_MS = 300;
const WAITS_MS = [300, 700, 1500, 3000];
/** How often what is gone may be asked for again before it is given up. */
const RENEWALS = { maxNumRetry: 6, retryDelayMs: 100 };

type Policies = Pick<HlsConfig, "playlistLoadPolicy" | "fragLoadPolicy">;

export class Refused extends Error {}

export class LessonPath {
  private path: string | null = null;
  private renewing: Promise<void> | null = null;
  private refused = false;

  /** ``address``: of the first playlist, with its token. ``onRefused``: this page may not any more. */
  constructor(
    private readonly address: string,
    private readonly onRefused: (status: number) => void,
  ) {}

  /** What hls.js needs to go on by itself. */
  config(kind: { DefaultConfig: HlsConfig }): Policies & Pick<HlsConfig, "xhrSetup"> {
    const { playlistLoadPolicy, fragLoadPolicy } = kind.DefaultConfig;
    return {
      xhrSetup: (xhr, url) => this.setUp(xhr, url),
      playlistLoadPolicy: { default: this.patient(playlistLoadPolicy.default) },
      fragLoadPolicy: { default: this.patient(fragLoadPolicy.default) },
    };
  }

  private async setUp(xhr: XMLHttpRequest, url: string): Promise<void> {
    if (!PATH.test(url)) return;
    await this.renewing;
    if (this.refused) throw new Refused();
    const { path } = this;
    const now = path === null ? url : url.replace(PATH, () => path);
    xhr.addEventListener("load", () => {
      if (xhr.status === GONE && this.path === path) this.renew();
    });
    xhr.open("GET", now, true);
  }

  private patient(policy: LoaderConfig): LoaderConfig {
    const usual = policy.errorRetry ?? { maxNumRetry: 0, retryDelayMs: 0, maxRetryDelayMs: 0 };
    const errorRetry: RetryConfig = {
      ...usual,
      shouldRetry: (config, count, _late, response, retry) => {
        const gone = response?.code === GONE;
        // Read after this: a renewed path is there at once, a server that is away is not.
        const { maxNumRetry, retryDelayMs } = gone ? RENEWALS : usual;
        if (config) Object.assign(config, { maxNumRetry, retryDelayMs });
        return gone ? count < RENEWALS.maxNumRetry && !this.refused : retry;
      },
    };
    return { ...policy, errorRetry };
  }

  private renew(): void {
    if (this.renewing || this.refused) return;
    this.renewing = this.ask().finally(() => (this.renewing = null));
  }

  private async ask(): Promise<void> {
    await pause(Math.random() * SPREAD_MS);
    for (const wait of [...WAITS_MS, null]) {
      const answer = await fetch(this.address, { credentials: "same-origin" }).catch(() => null);
      if (answer?.ok) {
        this.path = firstPath(await answer.text()) ?? this.path;
        return;
      }
      if (answer && answer.status >= 400 && answer.status < 500 && answer.status !== 409) {
        this.refused = true;
        this.onRefused(answer.status);
        return;
      }
      if (wait !== null) await pause(wait);
    }
  }
}

function firstPath(playlist: string): string | null {
  for (const line of playlist.split("\n")) {
    const found = line.startsWith("#") ? null : PATH.exec(line);
    if (found) return found[0];
  }
  return null;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
