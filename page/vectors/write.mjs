// Writes spec/vectors/js-*.json anew: npm run vectors.
import { writeFileSync } from "node:fs";
import { load } from "../test/bundle.mjs";

const { files } = await load("vectors/make.ts");
for (const [name, content] of Object.entries(await files())) {
  writeFileSync(new URL(`../../spec/vectors/${name}`, import.meta.url), content);
  console.log(name);
}
