/** Watching a lesson again: own controls, the recording's gaps marked and skipped. */

import type Hls from "hls.js";
import type { LevelDetails } from "hls.js";
import { setFormulas } from "../lib/formulas";
import { _, element, expose, ngettext, pageData, say, show } from "../lib/page";
import { lengthWords, timecode } from "../lib/time";
import { Wire } from "../lib/wire";
import { loadHls } from "../media/hls";
import { LessonPath } from "../media/path";

/** topic and token: of a classroom's page, which says now and then that it is watching. */
interface ReplayPage {
  source: string;
  topic?: string;
  token?: string;
  formulas?: string;
}

interface Gap {
  from: number;
  to: number;
}

const SKIP_S = 10;
const SAY_SKIPPED_MS = 3000;
const TELL_EVERY_MS = 20_000;
const CAPTIONS_KEY = "tongke.captions";

const page = pageData<ReplayPage>();
const video = element<HTMLVideoElement>("video");
const seek = element<HTMLInputElement>("seek");
const speed = element<HTMLSelectElement>("speed");
let gaps: Gap[] = [];
let hls: Hls | null = null;
let state: "loading" | "ready" | "failed" = "loading";
let sayTimer = 0;

async function load(): Promise<void> {
  show("trouble", false);
  hls?.destroy();
  const kind = await loadHls();
  if (!kind.isSupported()) {
    video.src = page.source;
    video.addEventListener("loadedmetadata", ready, { once: true });
    video.addEventListener("error", () => void again(), { once: true });
    return;
  }
  const path = new LessonPath(page.source, fail);
  hls = new kind({
    ...path.config(kind),
    enableWorker: false,
    startPosition: 0,
    maxBufferLength: 30,
    backBufferLength: 60,
  });
  hls.on(kind.Events.AUDIO_TRACK_LOADED, (_event, data) => findGaps(data.details));
  hls.on(kind.Events.LEVEL_LOADED, (_event, data) => {
    // A layer of the pictures has gaps of its own, over which another one plays.
    if (!hls?.audioTracks.length) findGaps(data.details);
  });
  video.addEventListener("loadedmetadata", ready, { once: true });
  hls.on(kind.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    if (data.type === kind.ErrorTypes.MEDIA_ERROR) hls?.recoverMediaError();
    else if (state !== "failed") fail(data.response?.code);
  });
  hls.loadSource(page.source);
  hls.attachMedia(video);
}

/** Without hls.js: the path may have been renewed, so once more from the first playlist, there. */
async function again(): Promise<void> {
  const { currentTime, paused } = video;
  const answer = await fetch(page.source).catch(() => null);
  if (!answer?.ok) return fail(answer?.status);
  video.src = page.source;
  video.addEventListener("error", () => fail(), { once: true });
  await new Promise((resolve) => video.addEventListener("loadedmetadata", resolve, { once: true }));
  video.currentTime = currentTime;
  if (!paused) void video.play().catch(() => undefined);
}

function findGaps(details: LevelDetails): void {
  gaps = joined(details.fragments.filter((one) => one.gap).map((one) => ({ from: one.start, to: one.end })));
  drawGaps(details.totalduration);
}

function joined(found: Gap[]): Gap[] {
  const all: Gap[] = [];
  for (const gap of found) {
    const last = all[all.length - 1];
    if (last && gap.from - last.to < 0.1) last.to = gap.to;
    else all.push({ ...gap });
  }
  return all;
}

function ready(): void {
  state = "ready";
  element<HTMLButtonElement>("start").disabled = false;
  seek.max = String(video.duration);
  say("length", timecode(video.duration));
  say("long-words", lengthWords(Math.floor(video.duration)));
  show("long", true);
  drawMarks();
  const asked = /[?&]t=(\d{1,6})(&|$)/.exec(location.search);
  if (asked) go(Number(asked[1]));
  else follow();
}

function fail(status?: number): void {
  state = "failed";
  hls?.destroy();
  hls = null;
  video.pause();
  show("cover", false);
  show("trouble", true);
  const missing = status === 404 || status === 409;
  if (status === 401 || status === 403) {
    say("trouble-heading", _("You can no longer watch this recording"));
    say("trouble-words", _("Your school's administrator can tell you why."));
    return;
  }
  say("trouble-heading", missing ? _("There is no recording of this lesson yet") : _("The recording could not be loaded"));
  say("trouble-words", missing ? _("It appears here when the lesson has ended.") : _("Please check the network and try again. The recording itself is safe."));
}

// Gaps: marked on the bar, listed in words, skipped while playing.

function drawGaps(length: number): void {
  const svg = "http://www.w3.org/2000/svg";
  element("holes" as string).replaceChildren(
    ...gaps.map((gap) => {
      const hole = document.createElementNS(svg, "rect");
      hole.setAttribute("class", "gap");
      hole.setAttribute("x", String((gap.from / length) * 1000));
      hole.setAttribute("width", String(Math.max(3, ((gap.to - gap.from) / length) * 1000)));
      hole.setAttribute("height", "8");
      return hole;
    }),
  );
  show("gaps", gaps.length > 0);
  element("gap-list").replaceChildren(
    ...gaps.map((gap) => {
      const line = document.createElement("li");
      line.textContent = _("at %(time)s, for %(length)s", {
        time: timecode(gap.from),
        length: lengthWords(gap.to - gap.from),
      });
      return line;
    }),
  );
}

function skipGap(): void {
  const at = video.currentTime;
  const gap = gaps.find((one) => at >= one.from - 0.15 && at < one.to - 0.05);
  if (!gap) return;
  video.currentTime = Math.min(gap.to + 0.05, video.duration);
  const seconds = Math.round(gap.to - gap.from);
  say("skipped", ngettext("Skipped a gap of %(num)s second", "Skipped a gap of %(num)s seconds", seconds));
  show("skipped", true);
  clearTimeout(sayTimer);
  sayTimer = window.setTimeout(() => show("skipped", false), SAY_SKIPPED_MS);
}

// Topics of one's groups, at their seconds

const marked = Array.from(document.querySelectorAll<HTMLElement>(".topic-marks > li"));

function drawMarks(): void {
  const length = video.duration || 1;
  element("marks").replaceChildren(
    ...marked
      .filter((line) => line.dataset.at !== undefined)
      .map((line) => {
        const at = Number(line.dataset.at);
        const mark = document.createElement("button");
        const title = line.querySelector("strong")?.textContent ?? "";
        mark.type = "button";
        mark.title = `${timecode(at)} ${title}`;
        mark.setAttribute("aria-label", mark.title);
        mark.style.left = `${Math.min(100, (100 * at) / length)}%`;
        mark.addEventListener("click", () => {
          go(at);
          void readAlong(line, true);
        });
        return mark;
      }),
  );
}

/** Its posts, below its line: the player stays where it is. */
async function readAlong(line: HTMLElement, open: boolean): Promise<void> {
  const place = line.querySelector<HTMLElement>(".read-along");
  if (!place) return;
  for (const other of marked) if (other !== line) close(other);
  if (!open) return close(line);
  line.classList.add("open");
  place.hidden = false;
  line.scrollIntoView({ block: "nearest" });
  if (place.childElementCount > 0) return;
  const path = `/topics/${line.dataset.topic}`;
  const answer = await fetch(`${path}/posts?plain=1`, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return void location.assign(path);
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const whole = document.createElement("a");
  whole.className = "button";
  whole.href = path;
  whole.textContent = _("Open the topic");
  place.replaceChildren(...Array.from(found.body.children), whole);
  void setFormulas(place, page.formulas ?? "");
}

function close(line: HTMLElement): void {
  line.classList.remove("open");
  const place = line.querySelector<HTMLElement>(".read-along");
  if (place) place.hidden = true;
}

for (const line of marked) {
  line.querySelector("button.at")?.addEventListener("click", () => go(Number(line.dataset.at)));
  line.querySelector("a.words")?.addEventListener("click", (event) => {
    const { ctrlKey, metaKey } = event as MouseEvent;
    if (ctrlKey || metaKey) return;
    event.preventDefault();
    void readAlong(line, !line.classList.contains("open"));
  });
}

/** The link to ask carries the second that is shown. */
function followAsk(at: number): void {
  const ask = document.getElementById("ask") as HTMLAnchorElement | null;
  if (!ask) return;
  const address = new URL(ask.href);
  address.searchParams.set("at", String(Math.floor(at)));
  ask.href = address.href;
  say("ask-at", timecode(at));
}

// Controls

function follow(): void {
  if (!video.seeking) skipGap();
  const at = video.currentTime;
  if (document.activeElement !== seek || !dragging) seek.value = String(at);
  seek.setAttribute("aria-valuetext", _("%(at)s of %(length)s", { at: timecode(at), length: timecode(video.duration) }));
  element("played" as string).setAttribute("width", String((at / (video.duration || 1)) * 1000));
  say("now", timecode(at));
  followAsk(at);
}

let dragging = false;

function toggle(): void {
  if (state !== "ready") return;
  show("cover", false);
  if (video.paused) void video.play().catch(() => undefined);
  else video.pause();
}

function go(seconds: number): void {
  video.currentTime = Math.min(Math.max(0, seconds), video.duration || 0);
  follow();
}

function setMuted(muted: boolean): void {
  video.muted = muted;
  const button = element("mute");
  button.setAttribute("aria-pressed", String(muted));
  (button.querySelector(".loud") as HTMLElement).hidden = muted;
  (button.querySelector(".silent") as HTMLElement).hidden = !muted;
}

/** On and off; what was chosen is kept for the next lesson. */
function setCaptions(shown: boolean): void {
  const button = document.getElementById("captions");
  const track = document.getElementById("track") as HTMLTrackElement | null;
  if (!button || !track) return;
  track.track.mode = shown ? "showing" : "hidden";
  button.setAttribute("aria-pressed", String(shown));
  try {
    localStorage.setItem(CAPTIONS_KEY, shown ? "1" : "");
  } catch {
    // A browser that keeps nothing.
  }
}

function captionsShown(): boolean {
  return document.getElementById("captions")?.getAttribute("aria-pressed") === "true";
}

function captionsWanted(): boolean {
  try {
    return localStorage.getItem(CAPTIONS_KEY) === "1";
  } catch {
    return false;
  }
}

function showPlaying(): void {
  const button = element("play");
  button.setAttribute("aria-label", video.paused ? _("Play") : _("Pause"));
  (button.querySelector(".to-play") as HTMLElement).hidden = !video.paused;
  (button.querySelector(".to-pause") as HTMLElement).hidden = video.paused;
}

function changeSpeed(by: number): void {
  speed.selectedIndex = Math.min(Math.max(0, speed.selectedIndex + by), speed.options.length - 1);
  video.playbackRate = Number(speed.value);
}

function toggleFull(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void element("player").requestFullscreen().catch(() => undefined);
}

const KEYS: Record<string, () => void> = {
  " ": toggle,
  k: toggle,
  ArrowLeft: () => go(video.currentTime - SKIP_S),
  ArrowRight: () => go(video.currentTime + SKIP_S),
  Home: () => go(0),
  End: () => go(video.duration - 1),
  m: () => setMuted(!video.muted),
  f: toggleFull,
  c: () => setCaptions(!captionsShown()),
  "<": () => changeSpeed(-1),
  ">": () => changeSpeed(1),
};

function tellWatching(): void {
  if (page.topic === undefined || page.token === undefined) return;
  const topic = new Wire(page.token).open(page.topic, { onSnapshot: () => undefined });
  window.setInterval(() => {
    if (!video.paused && !video.ended) topic.tell({ carrier: "replay" });
  }, TELL_EVERY_MS);
}

addEventListener("keydown", (event) => {
  const target = event.target as HTMLElement;
  const act = KEYS[event.key];
  if (!act || event.ctrlKey || event.altKey || event.metaKey || target === speed) return;
  if (event.key === " " && (target instanceof HTMLButtonElement || target instanceof HTMLAnchorElement)) return;
  event.preventDefault();
  act();
});
seek.addEventListener("input", () => {
  dragging = true;
  go(Number(seek.value));
});
seek.addEventListener("change", () => (dragging = false));
speed.addEventListener("change", () => (video.playbackRate = Number(speed.value)));
for (const name of ["timeupdate", "seeked", "durationchange"]) video.addEventListener(name, follow);
for (const name of ["play", "pause", "ended"]) video.addEventListener(name, showPlaying);
video.addEventListener("click", toggle);
element("start").addEventListener("click", toggle);
element("play").addEventListener("click", toggle);
element("mute").addEventListener("click", () => setMuted(!video.muted));
element("full").addEventListener("click", toggleFull);
document.getElementById("captions")?.addEventListener("click", () => setCaptions(!captionsShown()));
setCaptions(captionsWanted());
element("again").addEventListener("click", () => void load());
void load();
tellWatching();

expose({
  state: () => state,
  gaps: () => gaps,
  duration: () => video.duration,
  position: () => video.currentTime,
  skipped: () => element("skipped").hidden === false,
});
