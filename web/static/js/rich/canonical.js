// Two pieces of HTML say the same when this makes the same of both: blocks in order, words with what marks them.
// In which order marks lie in each other, and where white space is marked, nobody sees.
const BLOCKS = new Set("address blockquote dd dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre table td th tr ul".split(" "));
const THROUGH = new Set(["thead", "tbody", "tfoot"]);
const SPACE = "[ \\t\\r\\n\\f]+";
const SPACES = new RegExp(SPACE, "g");
const KEPT = ["href", "title", "src", "alt", "start", "align"];

/** The canonical form of an element's content, as text that can be compared. */
export function canonical(root) {
  const out = [];
  let line = [];
  const flush = () => {
    const words = squeezed(line.join(""));
    if (words) out.push(words);
    line = [];
  };
  const say = (words, marks) => {
    for (const part of words.split(new RegExp(`(${SPACE})`))) {
      if (!part) continue;
      line.push(squeezed(part) ? `‹${[...new Set(marks)].sort().join(" ")}›${part}` : " ");
    }
  };
  const walk = (node, marks) => {
    if (node.nodeType === 3) return say(node.data, marks);
    if (node.nodeType !== 1) return;
    const name = node.localName;
    const isBare = name === "td" && !node.textContent.trim() && !node.querySelector("img"); // how nothing stands, nobody sees
    const whole = name + (isBare ? [] : KEPT).map((each) => (node.getAttribute(each) ? `|${each}=${node.getAttribute(each)}` : "")).join("");
    if (name === "pre") {
      flush();
      out.push(`<pre>${node.textContent.replace(/\n$/, "")}`);
    } else if (name === "code") line.push(`‹${[...marks].sort().join(" ")} code›${JSON.stringify(squeezed(node.textContent))}`);
    else if (name === "br" || name === "img") line.push(`‹${[...marks].sort().join(" ")}›<${whole}>`);
    else if (THROUGH.has(name)) node.childNodes.forEach((each) => walk(each, []));
    else if (BLOCKS.has(name)) {
      flush();
      const at = out.push(`<${whole}>`);
      node.childNodes.forEach((each) => walk(each, []));
      flush();
      if (out.length === at && name === "p") out.pop(); // a paragraph without words is not seen
      else out.push(`</${name}>`);
    } else node.childNodes.forEach((each) => walk(each, [...marks, whole]));
  };
  root.childNodes.forEach((each) => walk(each, []));
  flush();
  return joined(out.join("\n"));
}

const squeezed = (text) => text.replace(SPACES, " ").replace(/^ | $/g, "");

/** Marks that go on from one piece to the next are said once. */
function joined(text) {
  let last = null;
  return text.replace(/‹([^›]*)›|\n/g, (all, marks) => {
    if (all === "\n") {
      last = null;
      return all;
    }
    if (marks === last) return "";
    last = marks;
    return all;
  });
}

/** Of HTML that the server made. A document of its own: nothing in it loads or runs. */
export function parsed(html) {
  return new DOMParser().parseFromString(`<body>${html}`, "text/html").body;
}
