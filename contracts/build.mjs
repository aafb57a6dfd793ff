#!/usr/bin/env node
// Compiles src/ and bench/ into artifacts/: `node build.mjs` writes, `node build.mjs --check` only compares.
//
// An artifact depends on the source, its imports and settings.json alone, byte for byte: no time, path or machine in it.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { compileFile, root, sha256, solc } from "./solc.mjs";

const settings = JSON.parse(readFileSync(join(root, "settings.json"), "utf8"));
/** Source folders, with the folder of their artifacts. */
const folders = { src: "artifacts", bench: "artifacts/bench" };
/** EIP-170. */
const maxRuntimeBytes = 24_576;

function solidityFiles(folder) {
  const absolute = join(root, folder);
  if (!existsSync(absolute)) return [];
  return readdirSync(absolute, { recursive: true })
    .map((name) => `${folder}/${name.split(sep).join("/")}`)
    .filter((path) => path.endsWith(".sol"))
    .sort();
}

function settingsOf(path) {
  return { ...settings.default, ...(settings.files[path] ?? {}) };
}

/** The artifact of one contract, or nothing for what cannot be called: interfaces, abstract contracts, internal libraries. */
function artifact(path, name, contract, sources) {
  const runtime = contract.evm.deployedBytecode.object;
  const entries = new Set(contract.abi.map((entry) => entry.type));
  if (runtime === "" || !["function", "fallback", "receive"].some((type) => entries.has(type))) return undefined;
  if (runtime.includes("__")) throw new Error(`${path}: ${name} needs linking; use internal library functions`);
  const bytes = runtime.length / 2;
  if (bytes > maxRuntimeBytes) throw new Error(`${path}: ${name} has ${bytes} bytes of code, EIP-170 allows ${maxRuntimeBytes}`);
  const immutable = Object.keys(contract.evm.deployedBytecode.immutableReferences ?? {}).length > 0;
  const constructs = contract.abi.some((entry) => entry.type === "constructor");
  const creation = immutable || constructs || settings.creation.includes(name);
  return {
    contract: name,
    source: path,
    solc: settings.solc,
    settings: settingsOf(path),
    sources: Object.fromEntries([...sources].map(([file, text]) => [file, sha256(text)])),
    abi: contract.abi,
    runtime: `0x${runtime}`,
    ...(creation ? { creation: `0x${contract.evm.bytecode.object}` } : {}),
  };
}

/** Every artifact that the sources give, as path to text. */
function build() {
  if (solc().version() !== settings.solc) {
    throw new Error(`settings.json asks for solc ${settings.solc}, node_modules has ${solc().version()}`);
  }
  const built = new Map();
  for (const [folder, target] of Object.entries(folders)) {
    for (const path of solidityFiles(folder)) {
      const { sources, contracts } = compileFile(path, settingsOf(path));
      for (const [name, contract] of Object.entries(contracts)) {
        const made = artifact(path, name, contract, sources);
        if (made === undefined) continue;
        const file = `${target}/${name}.json`;
        if (built.has(file)) throw new Error(`${path}: a second contract named ${name}`);
        built.set(file, `${JSON.stringify(made, null, 2)}\n`);
      }
    }
  }
  return built;
}

function committed() {
  const folder = join(root, "artifacts");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith(".json"))
    .map((name) => `artifacts/${name.split(sep).join("/")}`);
}

/** What differs between the built artifacts and the folder, one line each. */
function differences(built) {
  const lines = [];
  for (const [file, text] of built) {
    const path = join(root, file);
    if (!existsSync(path)) lines.push(`missing  ${file}`);
    else if (readFileSync(path, "utf8") !== text) lines.push(`differs  ${file}`);
  }
  for (const file of committed()) if (!built.has(file)) lines.push(`no source for  ${file}`);
  return lines.sort();
}

function write(built) {
  for (const file of committed()) if (!built.has(file)) rmSync(join(root, file));
  for (const [file, text] of built) {
    const path = join(root, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** Throws when forge would compile the tests' subjects with other settings than the artifacts. */
function compareWithForge() {
  const forge = join(root, "node_modules/.bin/forge");
  const config = JSON.parse(execFileSync(forge, ["config", "--json"], { cwd: root, encoding: "utf8" }));
  const { evmVersion, optimizer, viaIR, metadata } = settings.default;
  const pairs = [
    ["evm_version", config.evm_version, evmVersion],
    ["optimizer", config.optimizer, optimizer.enabled],
    ["optimizer_runs", config.optimizer_runs, optimizer.runs],
    ["via_ir", config.via_ir, viaIR],
    ["bytecode_hash", config.bytecode_hash, metadata.bytecodeHash],
    ["cbor_metadata", config.cbor_metadata, metadata.appendCBOR],
  ];
  for (const [key, forges, ours] of pairs) {
    if (forges !== ours) throw new Error(`foundry.toml: ${key} is ${forges}, settings.json has ${ours}`);
  }
}

function main(args) {
  const check = args.includes("--check");
  const unknown = args.filter((argument) => argument !== "--check");
  if (unknown.length > 0) throw new Error(`unknown argument ${unknown[0]}; usage: node build.mjs [--check]`);
  if (check) compareWithForge();
  const built = build();
  if (built.size === 0) throw new Error("no contract found in src/ or bench/");
  const different = differences(built);
  if (!check) write(built);
  for (const line of different) process.stdout.write(`${line}\n`);
  const folder = relative(process.cwd(), join(root, "artifacts")) || ".";
  if (!check) {
    process.stdout.write(`${built.size} artifacts written to ${folder}, ${different.length} changed\n`);
  } else if (different.length > 0) {
    throw new Error(`${different.length} artifacts do not follow from the sources: run \`make contracts\``);
  } else {
    process.stdout.write(`${built.size} artifacts equal their sources\n`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
