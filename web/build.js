// Puts the whole page into one folder: scripts, styles, icons, LiteRT's wasm,
// the face detector's models and the exported model. Nothing else is loaded.
//
//   npm run build -- [--model PATH/model.int8.tflite] [--output dist]

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";

import { drawIcon } from "./draw_icon.js";
import { list, replaceFolder } from "./output_folder.js";
import { CONTENT_SECURITY_POLICY } from "./security.js";
import { readContract } from "./src/model_file.js";

const HERE = import.meta.dirname;
const DIST = path.join(HERE, "dist");
const SOURCES = path.join(HERE, "src");
const PACKAGES = path.join(HERE, "node_modules");
const SHIPPED = path.join(
  HERE,
  "../keras_fer/shipped_presets/fer2013/model.int8.tflite",
);
const LITERT = path.join(PACKAGES, "@litertjs/core/wasm");
const DETECTOR = path.join(PACKAGES, "@mediapipe/face_detection");
const COPIES = {
  // LiteRT loads the first pair, or the second in browsers without relaxed
  // SIMD. Its other builds (threads, JSPI) need headers or flags.
  "wasm/litert_wasm_internal.js": LITERT,
  "wasm/litert_wasm_internal.wasm": LITERT,
  "wasm/litert_wasm_compat_internal.js": LITERT,
  "wasm/litert_wasm_compat_internal.wasm": LITERT,
  "models/face_detection_full_range_sparse.tflite": DETECTOR,
  "models/face_detection_short_range.tflite": DETECTOR,
};
const STYLES = ["colours.css", "faces.css", "style.css"];
const ICONS = { "icon-192.png": 192, "icon-512.png": 512 };
// What the service worker fetches at once. The page keeps the rest, the model
// and one of the wasm builds, when it has loaded them.
const LARGE = /^(models\/expressions\.tflite|wasm\/.*|service_worker\.js)$/;
const VERSION = "@@version@@";

async function build(model, esbuild, output) {
  for (const folder of ["models", "wasm"]) {
    await mkdir(path.join(output, folder), { recursive: true });
  }
  for (const [name, folder] of Object.entries(COPIES)) {
    const source = path.join(folder, path.basename(name));
    await copyFile(source, path.join(output, name));
  }
  await writeFile(path.join(output, "models/expressions.tflite"), model);
  for (const [name, size] of Object.entries(ICONS)) {
    await writeFile(path.join(output, name), drawIcon(size));
  }
  await writeFile(path.join(output, "icon-maskable.png"), drawIcon(512, true));
  for (const name of [...STYLES, "manifest.webmanifest"]) {
    await copyFile(path.join(SOURCES, name), path.join(output, name));
  }
  const page = await readFile(path.join(SOURCES, "index.html"), "utf8");
  await writeFile(
    path.join(output, "index.html"),
    page.replace("@@policy@@", CONTENT_SECURITY_POLICY),
  );
  await bundle(esbuild, ["page.js", "worker.js"], output);
  const names = await list(output);
  const kept = names.filter((name) => !LARGE.test(name));
  await bundle(esbuild, ["service_worker.js"], output, {
    KEPT: JSON.stringify(kept.map((n) => (n === "index.html" ? "./" : n))),
  });
  await stamp(output);
}

async function loadBundler() {
  try {
    return await import("esbuild");
  } catch (error) {
    if (error.code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error("The page's packages are not installed. Run: npm ci");
  }
}

async function readModel(modelPath) {
  let bytes;
  try {
    bytes = await readFile(modelPath);
  } catch (error) {
    throw new Error(
      `${modelPath} cannot be read (${error.code}). Expected: a .tflite ` +
        "file of keras-fer export.",
    );
  }
  try {
    await readContract(bytes);
  } catch (error) {
    throw new Error(`${modelPath}: ${error.message}`);
  }
  return bytes;
}

// Each script is one file. The worker is a classic one, since LiteRT loads its
// wasm by importScripts, which module workers have not.
async function bundle(esbuild, names, outdir, define = {}) {
  await esbuild.build({
    entryPoints: names.map((name) => path.join(SOURCES, name)),
    bundle: true,
    define: { VERSION: JSON.stringify(VERSION), ...define },
    format: "iife",
    logLevel: "warning",
    minify: true,
    outdir,
    target: ["chrome111", "firefox113", "safari16.4"],
  });
}

// The version is the hash of all the files: another page is another version,
// and keeps its files apart in the browser.
async function stamp(output) {
  const digest = createHash("sha256");
  for (const name of await list(output)) {
    digest.update(name).update("\0");
    digest.update(await readFile(path.join(output, name)));
  }
  const version = digest.digest("hex").slice(0, 16);
  for (const name of ["page.js", "worker.js", "service_worker.js"]) {
    const file = path.join(output, name);
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replaceAll(VERSION, version));
  }
}

const USAGE =
  "npm run build -- --model PATH/model.int8.tflite [--output FOLDER]";

// npm runs scripts in web/; a path is meant from where the user stands.
function findModel(named, from) {
  if (named !== undefined) return path.resolve(from, named);
  if (existsSync(SHIPPED)) return SHIPPED;
  throw new Error(
    "--model is missing, and the preset fer2013 is not in this checkout. " +
      `Give a .tflite file of keras-fer export:\n${USAGE}`,
  );
}

try {
  const { values } = parseArgs({
    options: {
      model: { type: "string" },
      output: { type: "string", default: DIST },
    },
  });
  const from = process.env.INIT_CWD ?? process.cwd();
  const output = path.resolve(from, values.output);
  const modelPath = findModel(values.model, from);
  const esbuild = await loadBundler();
  const model = await readModel(modelPath);
  await replaceFolder(output, HERE, (folder) => build(model, esbuild, folder));
  const named = output !== DIST;
  const rest = named ? ` -- --directory ${JSON.stringify(output)}` : "";
  console.log(`Built. Now: npm start${rest}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
