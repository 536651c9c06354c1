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

// On a phone the heads are hidden where rows stand as cards: there a list picks what sorts them.
function addPick(table) {
  const label = document.createElement("label");
  const pick = document.createElement("select");
  label.className = "sort-pick";
  pick.append(new Option("as it came", ""));
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const name = head.textContent.trim();
    if (!head.dataset.sorts) return;
    pick.append(new Option(`${name}, rising`, `${column} ascending`), new Option(`${name}, falling`, `${column} descending`));
  });
  const first = [...table.tBodies[0].rows];
  pick.addEventListener("change", () => {
    const [column, order] = pick.value.split(" ");
    const heads = table.tHead.rows[0].cells;
    for (const each of heads) each.removeAttribute("aria-sort");
    if (!pick.value) return table.tBodies[0].append(...first);
    if (order === "descending") heads[column].setAttribute("aria-sort", "ascending");
    sort(table, heads[column], Number(column), heads[column].dataset.sorts);
  });
  label.append("Sorted by ", pick);
  table.before(label);
}

export function startSorting() {
  for (const table of document.querySelectorAll("table.sorts")) {
    if (table.classList.contains("stacks")) addPick(table);
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
