/** Formulas are set where there are any; their words stay where one cannot be read. */

export async function setFormulas(place: ParentNode, style: string): Promise<void> {
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
}
