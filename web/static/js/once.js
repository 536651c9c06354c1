// Forms that make a secret (the field `once`), and pages that show one (data-place).
export function startOnce() {
  // A second click would take the answer to the first one, with the secret in it, from the screen.
  for (const field of document.querySelectorAll("input[name=once]")) {
    let isSent = false;
    field.form.addEventListener("submit", (event) => {
      if (isSent) event.preventDefault();
      isSent = true;
    });
    addEventListener("pageshow", () => (isSent = false));
  }
  // What is loaded anew is the page about what was made, and the browser does not ask to send again.
  const place = document.querySelector("[data-place]")?.dataset.place;
  if (place) history.replaceState(history.state, "", place);
}
