// A table that is wider than its place scrolls; then the keyboard must reach it too.
const sizes = new ResizeObserver((changes) => {
  for (const { target } of changes) {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }
});

export function watchTables(root = document) {
  for (const table of root.querySelectorAll(".prose table")) sizes.observe(table);
}
