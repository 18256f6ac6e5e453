/** Drafts on the server, and telling one's own words from those of another device. */

import { ask, DRAFTS, type Outbox } from "./sending";
import type { Words } from "./shelf";
import type { Theirs } from "./where";

export interface Draft extends Theirs {
  sent_as: string;
  topic_id: string | null;
}

/** Of a topic, or (null) of topics to be begun in a group. Throws a Problem. */
export async function draftsOf(outbox: Outbox, groupId: string, topicId: string | null): Promise<Draft[]> {
  const where = topicId === null ? `group_id=${groupId}` : `topic_id=${topicId}`;
  const found = await ask(outbox.person, "GET", `${DRAFTS}?${where}`, null, { within: outbox.pace.answerWithin });
  return (found as { drafts: Draft[] }).drafts.filter((one) => one.topic_id === topicId);
}

/** Throws a Problem. */
export async function keepDraft(outbox: Outbox, words: Words, keepalive = false): Promise<Draft> {
  const { groupId, topicId, title, text, anchor, replyTo, version } = words;
  const body = { group_id: groupId, topic_id: topicId, title, text, anchor, reply_to: replyTo, version };
  const within = outbox.pace.answerWithin;
  const found = await ask(outbox.person, "PUT", `${DRAFTS}/${words.sentAs}`, body, { within, keepalive });
  return found as Draft;
}

/** Short for a title and a text (FNV-1a, twice): nobody is meant to be kept from making the same. */
export function marked({ title, text }: { title: string; text: string }): string {
  let [one, other] = [0x811c9dc5, 0x9dc5811c];
  for (const char of `${title}\n${text}`) {
    const point = char.codePointAt(0) ?? 0;
    one = Math.imul(one ^ point, 0x01000193);
    other = Math.imul(other + point, 0x85ebca6b) ^ (other >>> 13);
  }
  return `${(one >>> 0).toString(36)}.${(other >>> 0).toString(36)}`;
}
