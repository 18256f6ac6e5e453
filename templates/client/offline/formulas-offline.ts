/** The formulas of a page that was taken home. */

import katex from "katex";

import { setWith } from "../lib/formula";

setWith(katex, document);
