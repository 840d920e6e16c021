// A photograph made anew from its pixels, small enough for the covered lane.
import type { Bytes } from "../bytes.ts";
import { BODY } from "../cell.ts";

/** Fragments that a photograph may take, at the most. */
export const PHOTO_CELLS = 16;

const EDGES = [1280, 960, 800, 640, 480, 360], QUALITIES = [0.75, 0.6, 0.45];

/** A JPEG of the picture's pixels and nothing else; null if it can't be read or made small enough. */
export async function remake(file: Blob): Promise<Bytes | null> {
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file);
  } catch {
    return null;
  }
  const room = PHOTO_CELLS * BODY - 64; // what deflating may add to bytes that it can't shorten
  const canvas = document.createElement("canvas");
  for (const edge of EDGES) {
    const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
    canvas.width = Math.max(1, Math.round(picture.width * scale));
    canvas.height = Math.max(1, Math.round(picture.height * scale));
    const draw = canvas.getContext("2d")!;
    draw.fillStyle = "#fff";
    draw.fillRect(0, 0, canvas.width, canvas.height);
    draw.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const quality of QUALITIES) {
      const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", quality));
      if (blob && blob.type === "image/jpeg" && blob.size <= room) {
        picture.close();
        canvas.width = canvas.height = 0;
        return new Uint8Array(await blob.arrayBuffer());
      }
    }
  }
  picture.close();
  return null;
}
