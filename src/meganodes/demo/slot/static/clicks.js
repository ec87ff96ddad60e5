// The number of the player's last click, kept while nobody knows what became of it: after a reload
// the page asks for that click instead of making another.

const KEPT_AS = "toy-slot-click";
let inMemory = null;

/** A number nobody else has: it makes one click one round, however often it is sent. */
export function newClick() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Remember a click of a session until its round is known. */
export function remember(session, click) {
  inMemory = JSON.stringify({ session, click });
  try {
    sessionStorage.setItem(KEPT_AS, inMemory);
  } catch {
    // A framed page may have no storage; the studio knows its open rounds all the same.
  }
}

/** The click of this session that nobody has heard of yet, or null. */
export function remembered(session) {
  let kept = inMemory;
  try {
    kept = sessionStorage.getItem(KEPT_AS);
  } catch {
    // As above.
  }
  const found = kept ? JSON.parse(kept) : null;
  return found?.session === session ? found.click : null;
}

/** The round of the click is known: nothing to ask any more. */
export function forget() {
  inMemory = null;
  try {
    sessionStorage.removeItem(KEPT_AS);
  } catch {
    // As above.
  }
}
