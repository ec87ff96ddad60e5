// The reels in words, for those who do not see them.

/** Describe what the window shows on its canvas: three symbols for each reel, from the top down. */
export function describe(canvas, symbols, texts) {
  const rows = [0, 1, 2].map((row) => {
    const names = symbols.map((reel) => texts[reel[row]]).join(", ");
    return texts.row.replace("{number}", row + 1).replace("{symbols}", names);
  });
  canvas.setAttribute("aria-label", `${texts.reels}. ${rows.join(". ")}`);
  canvas.dataset.window = JSON.stringify(symbols);
}
