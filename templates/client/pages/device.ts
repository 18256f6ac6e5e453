/** A class PC that waits for its room: asks every two seconds, and goes on by itself. */

import { expose, pageData } from "../lib/page";

const EVERY_MS = 2_000;
const AWAY_MS = 10_000;

const page = pageData<{ state_url: string; left_s: number }>();
let asked = 0;

async function state(): Promise<string> {
  try {
    const answer = await fetch(page.state_url, { headers: { Accept: "application/json" } });
    return answer.ok ? ((await answer.json()) as { state: string }).state : "away";
  } catch {
    return "away";
  }
}

async function ask(): Promise<void> {
  const found = await state();
  asked += 1;
  // Both lead to this page's own address: the server knows where the PC belongs by now.
  if (found === "approved" || found === "over") location.reload();
  else setTimeout(() => void ask(), found === "away" ? AWAY_MS : EVERY_MS);
}

setTimeout(() => void ask(), EVERY_MS);
expose({ asked: () => asked });
