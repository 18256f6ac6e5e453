/** The lead desk: choose what to send, start, see what the classrooms get, end. */

import { LiveLink, type RoomState, type Snapshot } from "../lib/live";
import { _, element, expose, ngettext, pageData, say, setState, show } from "../lib/page";
import { deviceWords, Problem, problemOf, wordsFor } from "../lib/problem";
import { timecode } from "../lib/time";
import { Devices, listDevices } from "../media/devices";
import { Meter } from "../media/meter";
import { Publisher, type UpSample } from "../media/whip";
import { drawTiles } from "../lib/tiles";

interface TeachPage {
  lesson: { id: string; title: string; state: string; started_at: string | null };
  rooms: { id: string; name: string; school: string; class_size: number }[];
  topic: string;
  tokens_url: string;
  whip_url: string;
  end_url: string;
  replay_page: string;
  ticker_url: string;
}

const QUIET_MS = 8000;
const page = pageData<TeachPage>();
const mine = element<HTMLVideoElement>("mine");
const begin = element<HTMLButtonElement>("begin");
const confirmation = element<HTMLDialogElement>("confirm");

let snapshot: Snapshot | null = null;
let linkUp = false;
let wanted = false;
let ended = page.lesson.state === "ended";
let startedAt = page.lesson.started_at ? Date.parse(page.lesson.started_at) : null;
let up: UpSample = { kbps: 0, loss: 0, roundTripMs: null };

const meter = new Meter(element("meter"));
const devices = new Devices(page.ticker_url, () => void devicesChanged(), () => void choosePicture("camera"));
const publisher = new Publisher(page.whip_url, newToken, () => render(), null, null);
const link = new LiveLink(
  page.topic,
  null,
  (next) => {
    snapshot = next;
    if (next.lesson.started_at) startedAt = Date.parse(next.lesson.started_at);
    if (next.lesson.state === "ended" && !ended) void finished(true);
    render();
  },
  (now) => {
    linkUp = now;
    render();
  },
);

async function newToken(): Promise<string> {
  const answer = await fetch(page.tokens_url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ act: "publish", source: "lead" }),
  });
  if (!answer.ok) throw await problemOf(answer);
  return ((await answer.json()) as { token: string }).token;
}

// Notices: what happened, what you can do, what is safe.

function notice(id: string, kind: string, words: { heading: string; advice: string } | null): void {
  const shown = document.getElementById(id);
  if (!words) return shown?.remove();
  const box = shown ?? (element<HTMLTemplateElement>("notice").content.cloneNode(true) as DocumentFragment).firstElementChild!;
  box.id = id;
  box.className = `notice ${kind}`.trim();
  fillText(box.querySelector("strong"), words.heading);
  fillText(box.querySelector("p"), words.advice);
  if (!shown) element("notices").append(box);
}

function fillText(place: Element | null, text: string): void {
  if (place && place.textContent !== text) place.textContent = text;
}

// Devices

async function openDevices(): Promise<void> {
  try {
    await devices.open();
    notice("devices", "", null);
  } catch (error) {
    notice("devices", "", deviceWords(error));
    say("over-words", _("No picture yet"));
  }
}

async function devicesChanged(): Promise<void> {
  const { picture, sound } = devices;
  const stream = mine.srcObject as MediaStream | null;
  if (stream?.getVideoTracks()[0] !== (picture ?? undefined)) {
    mine.srcObject = picture ? new MediaStream([picture]) : null;
  }
  mine.classList.toggle("mirror", devices.kind === "camera");
  meter.listen(sound);
  await publisher.replace(picture, sound);
  for (const [kind, id, track, none] of [
    ["videoinput", "camera", devices.kind === "camera" ? picture : null, _("No camera")],
    ["audioinput", "microphone", sound, _("No microphone")],
  ] as const) {
    const unnamed = (number: number) =>
      kind === "videoinput" ? _("Camera %(number)s", { number }) : _("Microphone %(number)s", { number });
    await listDevices(kind, element<HTMLSelectElement>(id), track, unnamed, none);
  }
  for (const radio of document.querySelectorAll<HTMLInputElement>("#kinds input")) {
    radio.checked = radio.value === devices.kind;
    radio.parentElement?.classList.toggle("chosen", radio.checked);
  }
  render();
}

async function choosePicture(kind: string): Promise<void> {
  try {
    await (kind === "screen" ? devices.useScreen() : devices.useCamera());
    notice("devices", "", null);
  } catch (error) {
    const cancelled = kind === "screen" && error instanceof DOMException && error.name === "NotAllowedError";
    if (!cancelled) notice("devices", "", deviceWords(error));
    await devicesChanged();
  }
}

async function chooseDevice(use: Promise<void>): Promise<void> {
  try {
    await use;
    notice("devices", "", null);
  } catch (error) {
    notice("devices", "", deviceWords(error));
  }
}

// What the page shows

function render(): void {
  if (ended) return;
  const { state } = publisher;
  const sending = wanted && state !== "refused";
  const hasPicture = devices.picture?.readyState === "live";
  show("over", !hasPicture);
  if (!hasPicture && devices.sound) say("over-words", _("Sound only, without a picture"));
  show("begin", !sending);
  show("end", sending || snapshot?.lesson.state === "live");
  const lessonLive = (snapshot?.lesson.state ?? page.lesson.state) === "live";
  say("begin-words", lessonLive ? _("Continue the lesson") : _("Start the lesson"));
  begin.disabled = !devices.picture && !devices.sound;
  show("on-air", sending && state === "live");
  renderProblems();
  renderVitals(sending);
  drawTiles(rooms(), snapshot?.source.state === "live");
}

function renderProblems(): void {
  const { state, problem } = publisher;
  if (state === "broken") {
    const lost = {
      heading: _("Your connection is lost. Reconnecting…"),
      advice: _("The lesson goes on by itself as soon as the network is back. What was recorded is safe."),
    };
    notice("sending", "", problem ? wordsFor(problem) : lost);
  } else {
    notice("sending", "bad", state === "refused" && problem ? wordsFor(problem) : null);
  }
  const stopped = snapshot?.recording.state === "stopped";
  notice("recorder", "", stopped ? recordingWords(snapshot?.recording.reason ?? "") : null);
}

function recordingWords(reason: string): { heading: string; advice: string } {
  const heading = _("The lesson goes on live, but the recording has stopped");
  if (reason === "disk_full") {
    return {
      heading,
      advice: _("The server's disk is full. Please ask your IT colleague to make room: recording resumes by itself. What was recorded is safe."),
    };
  }
  return {
    heading,
    advice: _("Please tell your IT colleague. Recording resumes by itself; what was recorded is safe."),
  };
}

function renderVitals(sending: boolean): void {
  show("link", sending);
  const recording = snapshot?.recording.state ?? "idle";
  show("recording", recording !== "idle");
  if (sending) setState(element("link"), ...linkWords());
  if (recording === "ok") setState(element("recording"), "ok", _("Recording"));
  if (recording === "stopped") setState(element("recording"), "warn", _("Not recording"));
}

function linkWords(): [string, string] {
  if (publisher.state === "connecting") return ["", _("Connecting…")];
  if (publisher.state !== "live") return ["warn", _("Connection lost")];
  if (!linkUp) return ["warn", _("Sending; no word from the classrooms")];
  if (up.loss > 0.05) {
    return ["warn", _("Your connection loses %(percent)s", { percent: `${Math.round(up.loss * 100)}%` })];
  }
  if (up.roundTripMs !== null && up.roundTripMs > 400) return ["warn", _("Your connection is slow")];
  return ["ok", _("Your connection is good")];
}

/** Before the first word from the server the rooms are those planned. */
function rooms(): RoomState[] {
  if (snapshot?.rooms) return snapshot.rooms;
  return page.rooms.map((room) => ({
    ...room,
    state: "offline",
    carrier: "none",
    layer: "",
    kbps: 0,
    loss: 0,
    latency_ms: 0,
  }));
}

function everySecond(): void {
  if (startedAt !== null) say("elapsed", timecode((link.serverNow() - startedAt) / 1000));
  if (wanted) {
    void publisher.sample().then((sample) => {
      up = sample;
      render();
    });
  }
  const quiet = devices.sound !== null && meter.quietMs > QUIET_MS;
  const unheard = wanted
    ? _("Nothing is heard from your microphone. Is it switched on?")
    : _("Say a few words: the bar should move.");
  say("hint", quiet ? unheard : _("Your microphone is heard."));
}

// Begin and end

function start(): void {
  wanted = true;
  startedAt ??= link.serverNow();
  void meter.resume();
  publisher.start();
  render();
}

async function end(): Promise<void> {
  const button = element<HTMLButtonElement>("end-now");
  button.disabled = true;
  try {
    const ready = await askToEnd();
    confirmation.close();
    await finished(ready);
  } catch (error) {
    confirmation.close();
    const words = error instanceof Problem ? wordsFor(error) : null;
    notice("ending", "bad", {
      heading: _("The lesson could not be ended"),
      advice: words?.heading ?? _("Please check the network and try again. The lesson goes on meanwhile."),
    });
  } finally {
    button.disabled = false;
  }
}

async function askToEnd(): Promise<boolean> {
  const answer = await fetch(page.end_url, { method: "POST" });
  if (!answer.ok) throw await problemOf(answer);
  return ((await answer.json()) as { replay_ready?: boolean }).replay_ready ?? true;
}

async function finished(ready: boolean): Promise<void> {
  ended = true;
  wanted = false;
  publisher.stop();
  devices.close();
  link.stop();
  for (let tries = 0; !ready && tries < 20; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    ready = await askToEnd().catch(() => false);
  }
  // The server's page for a lesson that is over says the rest.
  location.replace(location.pathname);
}

begin.addEventListener("click", start);
element("end").addEventListener("click", () => confirmation.showModal());
element("go-on").addEventListener("click", () => confirmation.close());
element("end-now").addEventListener("click", () => void end());
for (const radio of document.querySelectorAll<HTMLInputElement>("#kinds input")) {
  radio.addEventListener("change", () => void choosePicture(radio.value));
  radio.addEventListener("focus", () => radio.parentElement?.classList.toggle("focused", radio.matches(":focus-visible")));
  radio.addEventListener("blur", () => radio.parentElement?.classList.remove("focused"));
}
element("camera").addEventListener("change", (event) =>
  void chooseDevice(devices.useCamera((event.target as HTMLSelectElement).value)),
);
element("microphone").addEventListener("change", (event) =>
  void chooseDevice(devices.useMicrophone((event.target as HTMLSelectElement).value)),
);
addEventListener("beforeunload", (event) => {
  if (!wanted || ended) return;
  event.preventDefault();
  event.returnValue = "";
});
setInterval(everySecond, 1000);
everySecond();
render();
void openDevices();

expose({
  state: () => (ended ? "ended" : publisher.state),
  attempts: () => publisher.attempts,
  stats: () => ({ ...up, level: meter.level }),
  kind: () => devices.kind,
  linkUp: () => linkUp,
  snapshot: () => snapshot,
  watching: () => ngettext("%(num)s classroom", "%(num)s classrooms", rooms().length),
});
