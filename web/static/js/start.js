// Runs before the first paint: says that scripts run, and applies the chosen theme.
"use strict";
document.documentElement.classList.add("js");
window.precedentTheme = {
  media: { system: "screen and (prefers-color-scheme: dark)", light: "not all", dark: "screen" },
  read() {
    try {
      return localStorage.getItem("theme") ?? "system";
    } catch {
      return "system"; // storage is switched off
    }
  },
  apply(theme) {
    document.getElementById("dark").media = this.media[theme] ?? this.media.system;
  },
};
window.precedentTheme.apply(window.precedentTheme.read());
