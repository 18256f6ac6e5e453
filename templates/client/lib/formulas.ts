/** Formulas are set where there are any; their words stay where one cannot be read. */

/** What is wider than the page is scrolled within itself, also by keyboard. */
function letScroll(place: ParentNode): void {
  for (const one of Array.from(place.querySelectorAll<HTMLElement>(".said table, .said pre, .said div.formula"))) {
    if (one.scrollWidth > one.clientWidth) one.tabIndex = 0;
  }
}

export async function setFormulas(place: ParentNode, style: string): Promise<void> {
  letScroll(place);
  const found = Array.from(place.querySelectorAll<HTMLElement>(".formula:not(.set)"));
  if (found.length === 0) return;
  if (style && !document.querySelector("link[data-formulas]")) {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.href = style;
    link.dataset.formulas = "";
    document.head.append(link);
  }
  const { default: katex } = await import("katex");
  for (const one of found) {
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
  letScroll(place);
}
