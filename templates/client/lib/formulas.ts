/** Formulas are set where there are any. */

import { setWith } from "./formula";

/** What is wider than the page is scrolled within itself, also by keyboard. */
function letScroll(place: ParentNode): void {
  for (const one of Array.from(place.querySelectorAll<HTMLElement>(".said table, .said pre, .said div.formula"))) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
  }
}

export async function setFormulas(place: ParentNode, style: string): Promise<void> {
  letScroll(place);
  if (!place.querySelector(".formula:not(.set)")) return;
  if (style && !document.querySelector("link[data-formulas]")) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = style;
    link.dataset.formulas = "";
    document.head.append(link);
  }
  const { default: katex } = await import("katex");
  setWith(katex, place);
  letScroll(place);
}
