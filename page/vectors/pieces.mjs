// Bytes in vectors are hex pieces apart by spaces; a piece may end in *N, its count.
export function bytes(s) {
  return Uint8Array.from(Buffer.concat(s.split(" ").filter(Boolean).map((piece) => {
    const [hex, times] = piece.split("*");
    const b = Buffer.from(hex, "hex");
    if (b.length * 2 !== hex.length) throw new Error("not hex");
    return times === undefined ? b : Buffer.concat(new Array(Number(times)).fill(b));
  })));
}

export const hex = (b) => Buffer.from(b).toString("hex");
