// The symbols as bitmaps in the size of the reels: sharp, and smeared as the eye sees them in motion.

const NAMES = ["cherry", "lemon", "plum", "bell", "star", "seven", "key"];
const SMEAR = 0.34;
const SMEAR_STEPS = 28;

/** Load the seven drawings. */
export async function loadArt() {
  const drawings = NAMES.map(async (name) => {
    const image = new Image();
    image.src = `/slot/static/symbols/${name}.svg`;
    await image.decode();
    return [name, image];
  });
  return new Map(await Promise.all(drawings));
}

/** Make the bitmaps of all symbols; `cell` is in device pixels. */
export function bitmapsOf(art, cell) {
  const size = Math.max(1, Math.round(cell * 0.78));
  const made = new Map();
  for (const [name, image] of art) {
    const sharp = sheet(size, size);
    sharp.getContext("2d").drawImage(image, 0, 0, size, size);
    made.set(name, { sharp, smeared: smeared(sharp, Math.round(cell * SMEAR)) });
  }
  return made;
}

function smeared(sharp, reach) {
  const made = sheet(sharp.width, sharp.height + 2 * reach);
  const pen = made.getContext("2d");
  pen.globalCompositeOperation = "lighter"; // shares that add up: the mean of all places
  pen.globalAlpha = 1 / SMEAR_STEPS;
  for (let step = 0; step < SMEAR_STEPS; step += 1) {
    pen.drawImage(sharp, 0, (2 * reach * step) / (SMEAR_STEPS - 1));
  }
  return made;
}

function sheet(width, height) {
  const made = document.createElement("canvas");
  made.width = width;
  made.height = height;
  return made;
}
