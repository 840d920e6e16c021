// Bundles a TypeScript file for a test and loads it: node reads no TypeScript by itself.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const here = fileURLToPath(new URL("..", import.meta.url));

/** The exports of a file below page/. */
export async function load(file) {
  const dir = mkdtempSync(join(tmpdir(), "kkachi-"));
  try {
    const out = join(dir, "bundle.mjs");
    execFileSync("go", ["tool", "esbuild", file, "--bundle", "--format=esm", "--alias:@hpke/dhkem-x25519=./src/x25519.ts", "--log-level=warning", `--outfile=${out}`], { cwd: here });
    return await import(pathToFileURL(out));
  } finally {
    rmSync(dir, { recursive: true });
  }
}
