/** Lists of the administration: choosing many rows, and a bar that shows while some are chosen. */

function every<T extends HTMLElement>(selector: string, within: ParentNode = document): T[] {
  return Array.from(within.querySelectorAll<T>(selector));
}

function follow(form: HTMLFormElement): void {
  const bar = form.querySelector<HTMLElement>(".bulk-bar");
  const count = form.querySelector<HTMLElement>(".bulk-count");
  const all = form.querySelector<HTMLInputElement>(".choose-all");
  const rows = every<HTMLInputElement>('input[name="id"]', form);
  if (!bar || !count) return;

  const show = (): void => {
    const chosen = rows.filter((row) => row.checked).length;
    bar.hidden = chosen === 0;
    count.textContent = (count.dataset.words ?? "").replace("{count}", String(chosen));
    if (!all) return;
    all.checked = chosen > 0 && chosen === rows.length;
    all.indeterminate = chosen > 0 && chosen < rows.length;
  };
  all?.addEventListener("change", () => {
    for (const row of rows) row.checked = all.checked;
    show();
  });
  form.addEventListener("change", show);
  show();
}

/** A filter acts when it is chosen; the search field when Enter is pressed. */
function ask(form: HTMLFormElement): void {
  for (const choice of every<HTMLSelectElement>("select", form)) {
    choice.addEventListener("change", () => form.requestSubmit());
  }
}

every<HTMLFormElement>("form.bulk").forEach(follow);
every<HTMLFormElement>("form.filter").forEach(ask);
for (const button of every<HTMLButtonElement>("button[data-print]")) {
  button.addEventListener("click", () => window.print());
}
