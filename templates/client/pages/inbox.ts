/** The inbox: says when something new has arrived, and lets its reader decide when to look. */

import { onWaiting } from "../lib/bell";
import { element, pageData } from "../lib/page";

let shown = pageData<{ unread: number }>().unread;

onWaiting(({ unread }) => {
  if (unread > shown) element("arrived").hidden = false;
  shown = Math.min(shown, unread);
});
