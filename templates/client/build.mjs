// Bundles the client for Chrome 87 into templates/static, under names with a hash of their content,
// and writes manifest.json: the plain name of each entry → the name built.
import { context, build } from "esbuild";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const templates = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(templates, "static");
const entries = ["pages/today", "pages/teach", "pages/room", "pages/replay", "pages/bell", "pages/inbox", "pages/device", "pages/desk", "pages/materials", "pages/topic", "media/ticker"].map((name) =>
  join(templates, "client", `${name}.ts`),
);

// By build: what it made.
const made = new Map();

const options = {
  entryPoints: [...entries, join(templates, "style", "tongke.css"), join(templates, "client", "formulas.css")],
  outdir: folder,
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "chrome87",
  minify: true,
  legalComments: "external",
  metafile: true,
  logLevel: "warning",
  loader: { ".woff2": "file" },
  plugins: [{ name: "fonts", setup: (step) => step.onLoad({ filter: /katex\.min\.css$/ }, oneKindOfFont) }, { name: "manifest", setup: (step) => step.onEnd((result) => finish("pages", result)) }],
};

// Opened from a folder, where a browser loads neither modules nor fonts: one script, one style.
const offline = {
  ...options,
  entryPoints: [join(templates, "client", "offline", "formulas-offline.ts"), join(templates, "client", "offline", "formulas-offline.css")],
  splitting: false,
  format: "iife",
  legalComments: "inline",
  loader: { ".woff2": "dataurl" },
  plugins: [options.plugins[0], { name: "manifest", setup: (step) => step.onEnd((result) => finish("offline", result)) }],
};

/** Every browser of the floor reads woff2; the other kinds would only be carried along. */
async function oneKindOfFont({ path }) {
  const text = await readFile(path, "utf8");
  return { contents: text.replace(/,url\([^)]*\.(?:woff|ttf)\) format\("\w+"\)/g, ""), loader: "css" };
}

/** Once all builds are done: swap the manifest in one step, then drop what belongs to none of them. */
async function finish(which, result) {
  if (result.errors.length > 0) return;
  made.set(which, result.metafile.outputs);
  if (made.size < 2) return;
  const names = {};
  const built = new Set([".gitkeep", "manifest.json"]);
  for (const [path, output] of [...made.values()].flatMap(Object.entries)) {
    built.add(basename(path));
    if (!output.entryPoint || path.endsWith(".txt")) continue;
    names[basename(output.entryPoint).replace(/\.ts$/, ".js")] = basename(path);
  }
  await writeFile(join(folder, "manifest.tmp"), JSON.stringify(names, null, 1));
  await rename(join(folder, "manifest.tmp"), join(folder, "manifest.json"));
  for (const name of await readdir(folder)) {
    if (!built.has(name)) await rm(join(folder, name));
  }
}

await mkdir(folder, { recursive: true });
if (process.argv.includes("--watch")) {
  for (const one of [options, offline]) await (await context(one)).watch();
} else {
  for (const one of [options, offline]) await build(one);
}
