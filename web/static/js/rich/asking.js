// A window that asks for a line or two, and gives them back, or null when it was left.
export function ask(id, values) {
  const dialog = document.getElementById(id);
  const form = dialog.querySelector("form");
  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
  return new Promise((resolve) => {
    dialog.returnValue = "";
    dialog.addEventListener("close", () => resolve(dialog.returnValue ? { ...Object.fromEntries(new FormData(form)), do: dialog.returnValue } : null), { once: true });
    dialog.showModal();
    form.querySelector("input")?.select();
  });
}
