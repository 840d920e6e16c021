// Bytes in vectors are hex pieces apart by spaces; a piece may end in *N, its count.
import { type Bytes, concat, fromHex } from "../src/bytes.ts";

export function bytes(s: string): Bytes {
  return concat(...s.split(" ").filter(Boolean).map((piece) => {
    const [digits, times = "1"] = piece.split("*"), b = fromHex(digits);
    if (!b) throw new Error("not hex");
    return concat(...new Array<Bytes>(Number(times)).fill(b));
  }));
}
