// The toggle: system, light, dark, in turn. start.js applies the choice on the next page.
const NEXT = { system: "light", light: "dark", dark: "system" };
const NAMES = { system: "System", light: "Light", dark: "Dark" };

export function startTheme() {
  const button = document.getElementById("theme");
  const theme = window.precedentTheme;
  if (!button || !theme) return;
  let chosen = theme.read();

  function show() {
    theme.apply(chosen);
    document.getElementById("theme-name").textContent = NAMES[chosen] ?? NAMES.system;
    button.setAttribute("aria-label", `Colour theme: ${NAMES[chosen] ?? NAMES.system}`);
  }

  button.addEventListener("click", () => {
    chosen = NEXT[chosen] ?? "light";
    try {
      localStorage.setItem("theme", chosen);
    } catch {
      // storage is switched off: the choice holds for this page
    }
    show();
  });
  show();
}
