/** Where words are and how far what was sent has come, and that in words. */

import { _ } from "./page";
import { passes, type Trouble } from "./sending";

/** `nothing`: no words. `saving`: not known yet. `nowhere`: only on the screen. */
export type Where = "nothing" | "saving" | "server" | "computer" | "nowhere";

export interface State {
  where: Where;
  /** Of what was in the form and is on its way. */
  sending: "no" | "sending" | "waiting";
  trouble: Trouble | null;
  /** The same draft as another device left it: `choose` says which goes on. */
  theirs: Theirs | null;
}

export interface Theirs {
  title: string;
  text: string;
  reply_to: string | null;
  anchor: Record<string, unknown> | null;
  version: number;
}

/** The line under the form. */
export function wordsOf(state: State): string {
  if (state.where === "nowhere") return _("Not saved. Please do not close this page.");
  if (state.theirs) return _("This was changed on another device. Both texts are kept: please choose.");
  if (state.trouble?.status === 401) {
    return _("You are no longer logged in. Please log in again; your words are kept and are sent then.");
  }
  if (state.sending === "sending") return _("Being sent…");
  if (state.sending === "waiting") return _("Waiting for the network. It is sent by itself.");
  if (state.where === "server") return _("Saved on the server.");
  const why = state.trouble && !passes(state.trouble) ? ` ${state.trouble.detail}` : "";
  return state.where === "computer" ? _("Kept on this computer only.") + why : why.trim();
}
