// The folder that a build fills: an empty one, or that of an earlier build.

import {
  mkdir,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  writeFile,
} from "node:fs/promises";
import path from "node:path";

// Lists what a build wrote, so that the next one removes nothing else.
const RECORD = "keras-fer-build.json";

/**
 * Lets `fill` write a page into a new folder beside `output`, which takes the
 * place of `output` only when it is whole.
 *
 * @param {string} output absolute path.
 * @param {string} sources the folder that must survive, absolute.
 * @param {function(string): Promise<void>} fill
 * @throws {Error} for an `output` that holds anything but an earlier build.
 */
export async function replaceFolder(output, sources, fill) {
  const folder = await existing(output);
  await check(folder, await realpath(sources));
  const fresh = `${folder}-${process.pid}`;
  await mkdir(path.dirname(folder), { recursive: true });
  await mkdir(fresh);
  try {
    await fill(fresh);
    const files = [...(await list(fresh)), RECORD];
    const text = JSON.stringify({ files }, null, 2);
    await writeFile(path.join(fresh, RECORD), `${text}\n`);
    await check(folder, await realpath(sources)); // as it is by now
    await rm(folder, { recursive: true, force: true });
    await rename(fresh, folder);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

/** The files under a folder, with slashes, sorted. */
export async function list(folder) {
  const entries = await readdir(folder, {
    recursive: true,
    withFileTypes: true,
  });
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .map((file) => path.relative(folder, file).split(path.sep).join("/"))
    .sort();
}

// A link stays one: what it leads to is replaced.
async function existing(folder) {
  try {
    return await realpath(folder);
  } catch {
    return folder;
  }
}

async function check(folder, sources) {
  const advice = "Name a new folder, or an empty one, as --output.";
  const within = (inner, outer) => `${inner}${path.sep}`.startsWith(
    outer.endsWith(path.sep) ? outer : `${outer}${path.sep}`,
  );
  if (within(sources, folder) || within(folder, path.join(sources, "src"))) {
    throw new Error(`${folder} holds the page's sources. ${advice}`);
  }
  let found;
  try {
    found = await list(folder);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw new Error(`${folder} is no folder (${error.code}). ${advice}`);
  }
  if (!found.length) return;
  const files = await recorded(folder);
  const foreign = found.find((name) => !files.includes(name));
  if (foreign !== undefined) {
    throw new Error(
      `${folder} holds ${foreign}, which no build put there, and a build ` +
        `replaces the whole folder. ${advice}`,
    );
  }
}

async function recorded(folder) {
  try {
    const text = await readFile(path.join(folder, RECORD), "utf8");
    return JSON.parse(text).files.map(String);
  } catch {
    return []; // no build, or one that somebody changed
  }
}
