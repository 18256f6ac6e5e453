/** On every page of who is signed in. */

import { ring } from "../lib/bell";

ring();
