// Everything here adds to pages that work without it.
import { startClosing } from "./closing.js";
import { startCopying } from "./copying.js";
import { startDialogs } from "./dialogs.js";
import { startMoving } from "./moving.js";
import { startNotices } from "./notices.js";
import { startOnce } from "./once.js";
import { startPicking } from "./picking.js";
import { startSearch } from "./search.js";
import { startSorting } from "./sorting.js";
import { watchTables } from "./tables.js";
import { startTheme } from "./theme.js";
import { startWriting } from "./writing.js";
import { startWaiting } from "./waiting.js";

startClosing();
startCopying();
startTheme();
startSearch();
startMoving();
startNotices();
startOnce();
startPicking();
startSorting();
startDialogs();
watchTables();
startWriting();
startWaiting();
document.querySelector("[data-prints]")?.addEventListener("click", () => window.print());
