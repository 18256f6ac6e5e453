/** A picture as it is sent: turned upright and no larger than a page shows it. */

const LONGEST = 1600;
const QUALITY = 0.85;

/** The file itself where it is small already or the browser cannot read it. */
export async function shrunk(file: File): Promise<File> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return file;
  const share = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  if (share === 1 && file.size < 400_000) return file;
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * share));
  canvas.height = Math.max(1, Math.round(picture.height * share));
  const pen = canvas.getContext("2d");
  if (!pen) return file;
  // JPEG has no see-through: what was is paper.
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], `${file.name.replace(/\.\w+$/, "") || "picture"}.jpg`, { type: "image/jpeg" });
}
