// Tables whose heads sort them. Without this they stand in the order in which they were sent.
function keyOf(row, column, kind) {
  const value = row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  if (kind !== "number") return value.toLocaleLowerCase();
  return value === "" ? Infinity : Number(value);
}

function sort(table, head, column, kind) {
  const falling = head.getAttribute("aria-sort") === "ascending";
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", falling ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows].map((row) => [keyOf(row, column, kind), row]);
  rows.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0) * (falling ? -1 : 1));
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

export function startSorting() {
  for (const table of document.querySelectorAll("table.sorts")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const kind = head.dataset.sorts;
      if (!kind) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort-button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, head, column, kind));
      head.append(button);
    });
  }
}
