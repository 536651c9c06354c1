// Fetching parts of pages. A reply that a later question overtook is dropped.

/** Returns a function (url, part) -> Promise of HTML, or null when a later call overtook it. */
export function makeFetcher() {
  let last = null;
  return async function fetchPart(url, part) {
    last?.abort();
    const mine = (last = new AbortController());
    try {
      const reply = await fetch(url, { headers: { "X-Fragment": part }, signal: mine.signal });
      if (!reply.ok) throw Object.assign(new Error(`the server answered ${reply.status}`), { status: reply.status });
      const html = await reply.text();
      return mine === last ? html : null;
    } catch (error) {
      if (mine.signal.aborted) return null;
      throw error;
    }
  };
}

/** Calls `action` once `wait` milliseconds have passed without another call. */
export function debounce(action, wait) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...given), wait);
  };
}

/** Tells people who hear the page what changed. */
export function announce(words) {
  document.getElementById("status").textContent = words;
}
