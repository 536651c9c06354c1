// Everything here adds to pages that work without it.
import { startDialogs } from "./dialogs.js";
import { startMoving } from "./moving.js";
import { startSearch } from "./search.js";
import { watchTables } from "./tables.js";
import { startTheme } from "./theme.js";

startTheme();
startSearch();
startMoving();
startDialogs();
watchTables();
document.querySelector("[data-prints]")?.addEventListener("click", () => window.print());
