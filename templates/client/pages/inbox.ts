/** The inbox: says when something new has arrived, and lets its reader decide when to look. */

import { pageData } from "../lib/page";
import { Wire } from "../lib/wire";

interface Data {
  topic: string;
  unread: number;
}

const page = pageData<Data>();
let shown = page.unread;

new Wire().open<{ unread: number }>(page.topic, {
  onSnapshot({ unread }) {
    const arrived = document.getElementById("arrived");
    if (arrived && unread > shown) arrived.hidden = false;
    shown = Math.min(shown, unread);
  },
});
