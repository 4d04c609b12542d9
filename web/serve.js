// Serves the built page to this machine's browser, and to nobody else.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { parseArgs } from "node:util";

import { CONTENT_SECURITY_POLICY } from "./security.js";

const HERE = import.meta.dirname;
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".tflite": "application/octet-stream",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};
const HEADERS = {
  // Frames cannot be forbidden from within the page, hence only here.
  "Content-Security-Policy":
    `${CONTENT_SECURITY_POLICY}; frame-ancestors 'none'`,
  "Cache-Control": "no-cache", // asks each time, and gets 304 if unchanged
  "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
};

async function answer(request, response, directory) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return end(response, 405, { Allow: "GET, HEAD" });
  }
  let name;
  try {
    name = decodeURIComponent(new URL(request.url, "http://host").pathname);
  } catch {
    return end(response, 400);
  }
  if (name.endsWith("/")) name += "index.html";
  const file = path.join(directory, name);
  const type = TYPES[path.extname(file)];
  const inside = file.startsWith(directory + path.sep);
  if (!inside || !type || name.includes("\0")) return end(response, 404);
  let content;
  try {
    content = await readFile(file);
  } catch {
    return end(response, 404);
  }
  const tag = `"${createHash("sha256").update(content).digest("base64url")}"`;
  if (request.headers["if-none-match"] === tag) {
    return end(response, 304, { ETag: tag });
  }
  response.writeHead(200, {
    ...HEADERS,
    "Content-Type": type,
    "Content-Length": content.length,
    ETag: tag,
  });
  response.end(request.method === "HEAD" ? undefined : content);
}

function end(response, status, headers = {}) {
  response.writeHead(status, { ...HEADERS, ...headers }).end();
}

const USAGE = "npm start -- [--port 8000] [--directory FOLDER]";

function readArguments() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        directory: { type: "string", default: path.join(HERE, "dist") },
        port: { type: "string", default: "8000" },
      },
    }));
  } catch (error) {
    return { problem: error.message.split("\n")[0].split(". ")[0] };
  }
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port > 65535) {
    return { problem: `--port is ${values.port}, not a number to 65535` };
  }
  // npm runs scripts in web/; a path is meant from where the user stands.
  const from = process.env.INIT_CWD ?? process.cwd();
  return { port, directory: path.resolve(from, values.directory) };
}

function serve({ port, directory }) {
  const server = createServer((request, response) => {
    answer(request, response, directory).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  server.on("error", (error) => {
    const taken = error.code === "EADDRINUSE";
    console.error(
      taken
        ? `Port ${port} is taken. Choose another: npm start -- --port 8001`
        : `The page cannot be served: ${error.message}`,
    );
    process.exitCode = 1;
  });
  // "localhost" is what browsers trust with the camera; 127.0.0.1 is what
  // keeps the neighbours out.
  server.listen(port, "127.0.0.1", () => {
    console.log(`http://localhost:${server.address().port}/`);
  });
}

const asked = readArguments();
if (asked.problem) {
  console.error(`${asked.problem}. Expected: ${USAGE}`);
  process.exitCode = 2;
} else if (!existsSync(path.join(asked.directory, "index.html"))) {
  console.error(
    `There is no page in ${asked.directory}. Build it first: npm run build`,
  );
  process.exitCode = 1;
} else {
  serve(asked);
}
