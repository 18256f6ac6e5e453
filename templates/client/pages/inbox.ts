/** The inbox: says when something new has arrived, and lets its reader decide when to look. */

import { ring } from "../lib/bell";
import { element, pageData } from "../lib/page";

let shown = pageData<{ unread: number }>().unread;

ring((unread) => {
  if (unread > shown) element("arrived").hidden = false;
  shown = Math.min(shown, unread);
});
