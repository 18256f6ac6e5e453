/** What waits for who is signed in, in the header: unread notices, and topics with something new. */

import { ofPage } from "./wire";

interface Waiting {
  unread: number;
  topics: number;
}

type Listener = (waiting: Waiting) => void;

const listeners: Listener[] = [];
let last: Waiting | null = null;

function show(place: HTMLElement, count: number): void {
  place.textContent = count > 99 ? "99+" : String(count);
  place.hidden = count === 0;
}

/** Follows the numbers for as long as the page is open; nothing where nobody is signed in. */
export function ring(): void {
  const person = document.querySelector<HTMLElement>("[data-inbox]")?.dataset.inbox;
  if (!person) return;
  ofPage().open<Waiting>(`inbox:${person}`, {
    onSnapshot(waiting) {
      last = waiting;
      for (const place of document.querySelectorAll<HTMLElement>("[data-waiting]")) {
        show(place, place.dataset.waiting === "topics" ? waiting.topics : waiting.unread);
      }
      for (const listener of listeners) listener(waiting);
    },
  });
}

/** Told of the numbers that are known, and of every one that follows. */
export function onWaiting(listener: Listener): void {
  listeners.push(listener);
  if (last) listener(last);
}
