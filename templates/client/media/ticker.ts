/** A worker that keeps time for a page in the background. */

onmessage = (event: MessageEvent<number>) => {
  setInterval(() => postMessage(0), event.data);
};
