// Does what lines of JSON on standard input tell, one answer a line: the first key of a line names the work, which is handed the
// whole line. It ends with its input.
import { createInterface } from "node:readline";

export async function told(work) {
  for await (const line of createInterface({ input: process.stdin })) {
    const question = JSON.parse(line);
    let answer;
    try {
      answer = { got: (await work[Object.keys(question)[0]](question)) ?? "" };
    } catch (e) {
      answer = { failed: String(e) };
    }
    console.log(JSON.stringify(answer));
  }
}
