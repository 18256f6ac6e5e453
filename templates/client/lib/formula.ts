/** One formula after another; its words stay where one cannot be read. */

import type { default as Katex } from "katex";

export function setWith(katex: typeof Katex, place: ParentNode): void {
  for (const one of Array.from(place.querySelectorAll<HTMLElement>(".formula:not(.set)"))) {
    const said = one.textContent ?? "";
    one.title = said;
    one.classList.add("set");
    try {
      katex.render(said, one, {
        displayMode: one.tagName === "DIV",
        maxExpand: 100,
        maxSize: 20,
        strict: "ignore",
        throwOnError: true,
        trust: false,
      });
    } catch {
      one.textContent = said;
      one.classList.remove("set");
      one.classList.add("unreadable");
    }
  }
}
