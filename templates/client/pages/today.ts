/** Today: the lessons' states and buttons follow what happens while the page stays open. */

import { element, expose } from "../lib/page";

const EVERY_MS = 30_000;
let refreshed = 0;

async function refresh(): Promise<void> {
  if (document.visibilityState !== "visible") return;
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("main");
  const here = element("main");
  refreshed += 1;
  if (!fresh || fresh.innerHTML === here.innerHTML || here.contains(document.activeElement)) return;
  here.replaceWith(fresh);
}

setInterval(() => void refresh(), EVERY_MS);
document.addEventListener("visibilitychange", () => void refresh());
expose({ refreshed: () => refreshed });
