/** What went wrong, in sentences: the server's problem details and the browser's refusals. */

import { _ } from "./page";

/** An answer that is not a success. `code` is that of the problem details (RFC 9457), if any. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryAfterS: number | null,
  ) {
    super(`${status} ${code}`);
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  let code = "";
  let detail = "";
  try {
    const body = (await response.json()) as { code?: string; detail?: string };
    code = body.code ?? "";
    detail = body.detail ?? "";
  } catch {
    // Some proxies answer with a page of their own: the status is all there is.
  }
  const after = Number(response.headers.get("Retry-After") ?? "");
  return new Problem(response.status, code, detail, after > 0 ? after : null);
}

/** The heading and the advice for a failed attempt to send or to receive. */
export function wordsFor(problem: Problem): { heading: string; advice: string } {
  const known = knownProblem(problem.code);
  if (known) return known;
  if (problem.status === 401) {
    return {
      heading: _("You are no longer logged in"),
      advice: _("Please log in again on the home page, then come back here."),
    };
  }
  if (problem.status >= 500 || problem.status === 429) {
    return {
      heading: _("The server is very busy"),
      advice: _("We keep trying by ourselves. You can stay on this page."),
    };
  }
  return {
    heading: _("The server did not accept this"),
    advice: problem.detail || _("Please reload the page and try again."),
  };
}

function knownProblem(code: string): { heading: string; advice: string } | null {
  switch (code) {
    case "source_taken":
      return {
        heading: _("Another person is teaching this lesson right now"),
        advice: _("Only one person can send the picture. Ask them to end or leave first."),
      };
    case "taken_over":
      return {
        heading: _("You are teaching this lesson in another page"),
        advice: _("This page has stopped sending. To teach from here, start the lesson again."),
      };
    case "lesson_over":
      return {
        heading: _("This lesson has ended"),
        advice: _("It cannot be started again. The replay is on the home page."),
      };
    case "no_h264":
      return {
        heading: _("This browser cannot send a picture the classrooms can play"),
        advice: _("Please open this page in Chrome or Edge."),
      };
    case "not_leading":
    case "forbidden":
      return {
        heading: _("Your account may not teach this lesson"),
        advice: _("Only the lead teacher and the lead school's administrators may."),
      };
    case "full":
    case "busy":
      return {
        heading: _("The server is very busy"),
        advice: _("We keep trying by ourselves. You can stay on this page."),
      };
    default:
      return null;
  }
}

/** Why a camera, microphone or screen could not be had (Media Capture and Streams §10.2). */
export function deviceWords(error: unknown): { heading: string; advice: string } {
  const name = error instanceof DOMException ? error.name : "";
  if (name === "NotAllowedError" || name === "SecurityError") {
    return {
      heading: _("The browser does not let this page use the camera and microphone"),
      advice: _("Click the camera sign in the address bar, choose Allow, and reload the page."),
    };
  }
  if (name === "NotFoundError" || name === "OverconstrainedError") {
    return {
      heading: _("No camera or microphone was found"),
      advice: _("Plug one in and it appears here by itself, or teach with your screen."),
    };
  }
  if (name === "NotReadableError" || name === "AbortError") {
    return {
      heading: _("Another program is using the camera or microphone"),
      advice: _("Close that program, then choose the camera again below."),
    };
  }
  if (!navigator.mediaDevices) {
    return {
      heading: _("The camera only works at a secure address"),
      advice: _("Please open this page at its https address."),
    };
  }
  return {
    heading: _("The camera or microphone could not be opened"),
    advice: _("Please choose another one below, or reload the page."),
  };
}
