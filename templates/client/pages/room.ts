/** A classroom: joins by itself, stays by itself, says in large type what is happening. */

import { LiveLink, type Snapshot } from "../lib/live";
import { _, element, expose, pageData, say, show } from "../lib/page";
import { HlsCarrier } from "../media/hls";
import { LessonPlayer } from "../media/player";

interface NextLesson {
  id: string;
  title: string;
  subject: string;
  grade: string;
  school: string;
  teacher: string;
  state: "planned" | "live" | "ended";
  planned_start: string;
  start_words: string;
  addresses: { whep: string; hls: string; topic: string; replay_page: string };
}

interface RoomPage {
  token: string;
  now: string;
  lesson: NextLesson | null;
  next_url: string;
}

const SAYINGS = ["waiting", "nothing", "joining", "broken", "away", "sound", "ended", "closed"] as const;
type Saying = (typeof SAYINGS)[number];

const BAR_MS = 4000;
const REPORT_MS = 2000;
/** By then the player has stopped, and may ask. */
const REFUSED_ASK_MS = 1000;
const ASK_AGAIN_MS = 20_000;
const NEXT_IS_NEAR_MS = 10 * 60_000;
const SOUND_KEY = "tongke.sound";

const page = pageData<RoomPage>();
const lesson = page.lesson;
const loadedOffset = Date.parse(page.now) - Date.now();
const videos: [HTMLVideoElement, HTMLVideoElement] = [element("first"), element("second")];

let snapshot: Snapshot | null = null;
let linkUp = false;
let closed = false;
let wantsSound = remembered() !== "off";
let soundBlocked = false;
let saying: Saying | null = null;

const link = lesson ? new LiveLink(lesson.addresses.topic, page.token, take, linked) : null;
const serverNow = (): number => (link?.last ? link.serverNow() : Date.now() + loadedOffset);
const player = lesson
  ? new LessonPlayer({
      videos,
      still: element<HTMLCanvasElement>("still"),
      whep: lesson.addresses.whep,
      hls: withToken(lesson.addresses.hls),
      token: page.token,
      serverNow,
      onChange: () => render(),
      onRefused: () => setTimeout(() => void askForNext(), REFUSED_ASK_MS),
      onFront: (video) => void giveSound(video),
    })
  : null;

function withToken(address: string): string {
  return `${address}?token=${encodeURIComponent(page.token)}`;
}

function take(next: Snapshot): void {
  snapshot = next;
  render();
}

function linked(up: boolean): void {
  linkUp = up;
  render();
}

function lessonState(): "planned" | "live" | "ended" {
  const state = snapshot?.lesson.state ?? lesson?.state ?? "planned";
  return state === "planned" && snapshot?.source.state === "live" ? "live" : state;
}

/** What the large type should say; null when the lesson itself says everything. */
function choose(): Saying | null {
  if (closed) return "closed";
  if (!lesson || !player) return "nothing";
  const state = lessonState();
  if (state === "ended") return "ended";
  if (state === "planned") return "waiting";
  const away = linkUp && snapshot !== null && snapshot.source.state !== "live";
  if (away) return snapshot?.source.state === "none" && player.state !== "playing" ? "waiting" : "away";
  if (player.state === "playing") return player.soundOnly ? "sound" : null;
  return player.state === "lost" ? "broken" : "joining";
}

function render(): void {
  const chosen = choose();
  steer();
  if (chosen !== saying) {
    saying = chosen;
    for (const name of SAYINGS) show(name, name === chosen);
  }
  const playing = player?.state === "playing" && chosen === null;
  element("stage").classList.toggle("dim", chosen === "broken" || chosen === "away");
  element("stage").hidden = !player || player.state === "idle";
  show("corner", !playing);
  show("bar", playing);
  show("listen", Boolean(playing && soundBlocked));
  if (playing) say("quality", quality());
  else wake();
}

/** The player follows the lesson's state. */
function steer(): void {
  if (!player) return;
  const state = closed ? "ended" : lessonState();
  if (state === "live") player.start();
  else player.stop();
  if (linkUp && snapshot) player.setLayers(snapshot.source.layers.length);
  player.setAway(snapshot !== null && linkUp && snapshot.source.state !== "live");
}

function quality(): string {
  const height = player?.front?.videoHeight ?? 0;
  if (height >= 600) return _("sharp");
  if (height >= 300) return _("standard");
  return height > 0 ? _("smooth") : _("sound only");
}

function layer(): string {
  const height = player?.front?.videoHeight ?? 0;
  if (height === 0) return "";
  return height >= 600 ? "f" : height >= 300 ? "h" : "q";
}

// Sound. Browsers play sound by themselves only where they have learned to.

function remembered(): string | null {
  try {
    return localStorage.getItem(SOUND_KEY);
  } catch {
    return null;
  }
}

function remember(on: boolean): void {
  try {
    localStorage.setItem(SOUND_KEY, on ? "on" : "off");
  } catch {
    // A class PC may forbid storage; the choice then holds until the page is left.
  }
}

async function giveSound(video: HTMLVideoElement): Promise<void> {
  for (const other of videos) if (other !== video) other.muted = true;
  video.muted = !wantsSound;
  soundBlocked = false;
  if (wantsSound) {
    try {
      await video.play();
    } catch (error) {
      if (!(error instanceof DOMException) || error.name !== "NotAllowedError") return;
      soundBlocked = true;
      video.muted = true;
      video.play().catch(() => undefined);
    }
  }
  showSound();
  render();
}

function setSound(on: boolean): void {
  wantsSound = on;
  remember(on);
  if (player?.front) void giveSound(player.front);
}

function showSound(): void {
  const on = wantsSound && !soundBlocked;
  const button = element("mute");
  button.setAttribute("aria-pressed", String(!on));
  (button.querySelector(".loud") as HTMLElement).hidden = !on;
  (button.querySelector(".silent") as HTMLElement).hidden = on;
}

// The bar hides when nobody moves.

let barTimer = 0;

function wake(): void {
  element("room").classList.remove("idle");
  clearTimeout(barTimer);
  barTimer = window.setTimeout(() => {
    const focused = element("bar").contains(document.activeElement);
    const keyboard = focused && document.activeElement?.matches(":focus-visible");
    if (saying === null && player?.state === "playing" && !keyboard) {
      element("room").classList.add("idle");
    }
  }, BAR_MS);
}

// Waiting: the countdown and the clock on the wall.

function countDown(): void {
  const now = serverNow();
  const format = new Intl.DateTimeFormat(document.documentElement.lang, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  say("clock", format.format(now));
  if (!lesson) return;
  const left = Date.parse(lesson.planned_start) - now;
  show("countdown", left > 0);
  show("due", left <= 0);
  if (left > 0) say("countdown-time", countdownWords(left));
}

function countdownWords(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

// Which lesson is this room's? Asked again while none is going on.

async function askForNext(): Promise<void> {
  if (player?.state === "playing") return;
  try {
    const answer = await fetch(page.next_url, { headers: { Accept: "application/json" } });
    closed = answer.status === 404;
    if (!answer.ok) return render();
    const next = ((await answer.json()) as { lesson: NextLesson | null }).lesson;
    if (next && next.id !== lesson?.id && isNear(next)) location.reload();
    else render();
  } catch {
    // No network: the large type says so already, and this is asked again.
  }
}

function isNear(next: NextLesson): boolean {
  if (!lesson || next.state === "live") return true;
  if (lessonState() !== "ended") return next.state !== "ended";
  return next.state === "planned" && Date.parse(next.planned_start) - serverNow() < NEXT_IS_NEAR_MS;
}

function report(): void {
  if (!player) return;
  link?.report({
    carrier: player.state === "playing" ? (player.carrier?.kind ?? "none") : "none",
    layer: layer(),
    kbps: player.sample.kbps,
    latency_ms: Math.round(player.sample.latencyMs ?? 0),
    freezes: player.freezes,
  });
}

/** The screen of a classroom does not go to sleep in a lesson. */
async function stayAwake(): Promise<void> {
  if (document.visibilityState !== "visible" || !("wakeLock" in navigator)) return;
  await navigator.wakeLock.request("screen").catch(() => undefined);
}

function toggleFull(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen().catch(() => undefined);
}

function fillIn(shown: NextLesson): void {
  say("next-title", shown.title);
  say("next-teacher", shown.teacher);
  say("next-school", shown.school);
  say("next-start", shown.start_words);
  say("bar-title", `${shown.title} · ${shown.teacher}`);
  say("ended-title", shown.title);
  element<HTMLAnchorElement>("replay").href = withToken(shown.addresses.replay_page);
}

if (lesson) fillIn(lesson);
element("unmute").addEventListener("click", () => setSound(true));
element("mute").addEventListener("click", () => setSound(soundBlocked || !wantsSound));
element("full").addEventListener("click", toggleFull);
for (const moved of ["pointermove", "pointerdown", "keydown", "focusin"]) addEventListener(moved, wake);
addEventListener("keydown", (event) => {
  if (event.target instanceof HTMLButtonElement) return;
  if (event.key === "f") toggleFull();
  if (event.key === "m" || (soundBlocked && event.key === " ")) setSound(soundBlocked || !wantsSound);
});
document.addEventListener("visibilitychange", () => void stayAwake());
void stayAwake();
countDown();
setInterval(countDown, 500);
setInterval(report, REPORT_MS);
setInterval(() => void askForNext(), ASK_AGAIN_MS);
render();
wake();

expose({
  saying: () => saying,
  state: () => player?.state ?? "idle",
  carrier: () => player?.carrier?.kind ?? "none",
  stats: () => ({ ...player?.sample, freezes: player?.freezes, firstPictureMs: player?.firstPictureMs }),
  ladder: () => (player?.carrier instanceof HlsCarrier ? player.carrier.ladder : null),
  linkUp: () => linkUp,
  soundBlocked: () => soundBlocked,
  video: () => player?.front ?? null,
  snapshot: () => snapshot,
});
