// Buttons that copy a text of the page, such as a link that is shown once.
import { announce } from "./fragments.js";

export function startCopying() {
  for (const button of document.querySelectorAll("[data-copies]")) {
    button.addEventListener("click", () => copy(button, document.getElementById(button.dataset.copies)));
  }
}

async function copy(button, source) {
  const words = button.querySelector("span");
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    words.textContent = "Copied";
    announce("Copied");
  } catch {
    // Without TLS some browsers give no clipboard: then the text is selected, for Ctrl-C.
    getSelection().selectAllChildren(source);
    words.textContent = "Selected, press Ctrl-C";
  }
}
