// Asks the studio. No answer is null: then nothing is known, and the caller asks again.

const ANSWER_WITHIN_MS = 8000;

/** Send fields and give what came back; null when no complete answer came. */
export async function ask(what, fields) {
  const stop = new AbortController();
  const limit = setTimeout(() => stop.abort(), ANSWER_WITHIN_MS);
  try {
    const answer = await fetch(`/slot/${what}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(fields),
      cache: "no-store",
      signal: stop.signal,
    });
    if (answer.status >= 500) {
      return null;
    }
    return await answer.json();
  } catch {
    return null;
  } finally {
    clearTimeout(limit);
  }
}

/** Wait before asking again: longer each time, three seconds at most. */
export function pause(times) {
  return new Promise((done) => setTimeout(done, Math.min(3000, 300 * 1.6 ** times)));
}

/** What the page was made for: session, words, reels. */
export function setting() {
  return JSON.parse(document.getElementById("setting").textContent);
}
