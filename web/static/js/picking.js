// Boxes of a list: all at once.

export function startPicking() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-picks]");
    if (!button) return;
    const boxes = [...document.querySelectorAll(`input.pick[form="${button.dataset.picks}"]`)];
    const all = boxes.every((box) => box.checked);
    boxes.forEach((box) => {
      box.checked = !all;
    });
    button.textContent = all ? "Choose all" : "Choose none";
  });
}
