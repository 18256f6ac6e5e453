/** The classrooms of a lesson as tiles: who needs attention stands first. */

import type { RoomState } from "./live";
import { _, element, ngettext, say, setState } from "./page";

const LOSSY = 0.05;

interface Look {
  kind: string;
  words: string;
  /** Lower stands first. */
  rank: number;
}

function look(room: RoomState, live: boolean): Look {
  if (room.state === "watching" && room.loss > LOSSY) {
    return { kind: "warn", words: _("Watching, poor connection"), rank: 1 };
  }
  if (room.state === "watching") return { kind: "ok", words: _("Watching"), rank: 3 };
  if (room.state === "waiting" && live) return { kind: "warn", words: _("Joining…"), rank: 0 };
  if (room.state === "waiting") return { kind: "ok", words: _("Ready and waiting"), rank: 2 };
  return { kind: live ? "warn" : "", words: _("Not here yet"), rank: live ? 0 : 4 };
}

function pictureWords(layer: string): string {
  if (layer === "f") return _("sharp picture");
  if (layer === "h") return _("standard picture");
  if (layer === "q") return _("smooth picture");
  return _("sound only");
}

/** What the room gets, by which way, in plain words. */
function gets(room: RoomState): string {
  if (room.state !== "watching") return "";
  const words = [pictureWords(room.layer)];
  if (room.carrier === "whep") words.push(_("live"));
  if (room.carrier === "hls") {
    words.push(ngettext("%(num)s second behind", "%(num)s seconds behind", Math.max(1, Math.round((room.latency_ms || 2000) / 1000))));
  }
  if (room.loss >= 0.01) words.push(_("loss %(percent)s", { percent: `${Math.round(room.loss * 100)}%` }));
  return words.join(" · ");
}

export function drawTiles(rooms: RoomState[], live: boolean): void {
  const list = element("tiles");
  const template = element<HTMLTemplateElement>("tile");
  const sorted = rooms
    .map((room) => ({ room, look: look(room, live) }))
    .sort((a, b) => a.look.rank - b.look.rank || a.room.name.localeCompare(b.room.name));
  sorted.forEach(({ room, look: seen }, i) => {
    let tile = list.children[i] as HTMLElement | undefined;
    if (!tile) {
      list.append(template.content.cloneNode(true));
      tile = list.lastElementChild as HTMLElement;
    }
    fill(tile, room, seen);
  });
  while (list.children.length > sorted.length) list.lastElementChild?.remove();
  const watching = rooms.filter((room) => room.state === "watching").length;
  say("watching", rooms.length ? _("%(watching)s of %(all)s watching", { watching, all: rooms.length }) : _("none planned"));
}

function fill(tile: HTMLElement, room: RoomState, seen: Look): void {
  const part = (name: string) => tile.querySelector(`.${name}`) as HTMLElement;
  tile.className = `tile ${seen.kind}`;
  tile.dataset["room"] = room.id;
  const texts: [string, string][] = [
    ["name", room.name],
    ["place", room.class_size ? `${room.school} · ${ngettext("%(num)s pupil", "%(num)s pupils", room.class_size)}` : room.school],
    ["gets", gets(room)],
  ];
  for (const [name, text] of texts) {
    if (part(name).textContent !== text) part(name).textContent = text;
  }
  setState(part("state"), seen.kind, seen.words);
}
