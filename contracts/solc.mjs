// The compiler, for build.mjs and for solc-wrap: npm's solc, with imports read from this folder and node_modules.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(fileURLToPath(import.meta.url));

let loaded;

/** The compiler module; loaded on first use, because it takes about a second. */
export function solc() {
  try {
    loaded ??= createRequire(import.meta.url)("solc");
  } catch (error) {
    throw new Error(`npm's solc is not installed: run \`npm ci\` in contracts/ (${error.message.split("\n")[0]})`);
  }
  return loaded;
}

/** Runs the compiler on a standard-JSON input text and returns its output text. */
export function compileText(input) {
  return solc().compile(input);
}

export function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

/** The file behind a source path: paths of this folder as they are, packages from node_modules. */
function locate(path) {
  for (const candidate of [join(root, path), join(root, "node_modules", path)]) {
    if (existsSync(candidate)) return candidate;
  }
  throw new Error(`source ${path} is neither in contracts/ nor in node_modules/`);
}

/** The source at `path` and everything it imports, by path, sorted. */
export function closure(path) {
  const found = new Map();
  const open = [path];
  while (open.length > 0) {
    const next = open.pop();
    if (found.has(next)) continue;
    const text = readFileSync(locate(next), "utf8");
    found.set(next, text);
    for (const [, target] of text.matchAll(/^\s*import\s[^;]*?["']([^"']+)["']\s*;/gm)) {
      open.push(target.startsWith(".") ? posix.join(posix.dirname(next), target) : target);
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Compiles one source file with what it imports and nothing else, so that no other file can change its bytes. */
export function compileFile(path, settings) {
  const sources = closure(path);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...sources].map(([name, content]) => [name, { content }])),
    settings: {
      ...settings,
      outputSelection: { [path]: { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode"] } },
    },
  };
  const output = JSON.parse(compileText(JSON.stringify(input)));
  // a package's warnings are its authors' to answer; its errors stop the build all the same
  const foreign = (e) => e.severity === "warning" && e.sourceLocation?.file.startsWith("@");
  const complaints = (output.errors ?? []).filter((e) => e.severity !== "info" && !foreign(e));
  if (complaints.length > 0) throw new Error(complaints.map((e) => e.formattedMessage).join("\n"));
  return { sources, contracts: output.contracts?.[path] ?? {} };
}
