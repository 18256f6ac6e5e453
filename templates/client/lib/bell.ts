/** The number of unread notices beside the bell of the header. */

import { Wire } from "./wire";

/** Follows the number for as long as the page is open; nothing where nobody is signed in. */
export function ring(onUnread: (unread: number) => void = () => undefined): void {
  const bell = document.querySelector<HTMLElement>("[data-inbox]");
  const count = bell?.querySelector<HTMLElement>(".count");
  if (!bell || !count) return;
  new Wire().open<{ unread: number }>(`inbox:${bell.dataset.inbox ?? ""}`, {
    onSnapshot({ unread }) {
      count.textContent = unread > 99 ? "99+" : String(unread);
      count.hidden = unread === 0;
      onUnread(unread);
    },
  });
}
