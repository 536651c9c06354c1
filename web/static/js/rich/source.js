// What a person did not touch stays as it was written: paragraphs of the old source take the place of their equals.

/** `written` with the old words of each part that is still what the old text, written anew, was. */
export function keptWords(old, oldWritten, written) {
  const [words, before, after] = [old, oldWritten, written].map(parts);
  if (words.length !== before.length) return written;
  let next = 0;
  const out = after.map((part) => {
    const at = before.indexOf(part, next);
    if (at < 0) return part;
    next = at + 1;
    return words[at];
  });
  return out.join("\n\n");
}

function parts(text) {
  return text.replace(/\r\n?/g, "\n").replace(/^\n+|\s+$/g, "").split(/\n[ \t]*\n[ \t\n]*(?=\S| {4})/);
}
